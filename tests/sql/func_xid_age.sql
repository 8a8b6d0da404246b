-- age of transaction numbers: monitoring and vacuumdb --min-xid-age ask for it
SELECT age(xid '0'), age(xid '1'), age(xid '2'), mxid_age(xid '0'), mxid_age(xid '1');
SELECT age(NULL::xid), mxid_age(NULL);
CREATE TABLE stamped (a int);
SELECT age(relfrozenxid) > 0 AS counted FROM pg_class WHERE oid = 'pg_class'::regclass;
SELECT max(mxid_age(datminmxid)) FROM pg_database;
BEGIN;
SELECT age(txid_current()::text::xid) BETWEEN 0 AND 1 AS own;
ROLLBACK;
