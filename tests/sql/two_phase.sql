-- Two-phase commit: PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED, pg_prepared_xacts.
CREATE TABLE t (a int PRIMARY KEY, b int);
-- outside a block
PREPARE TRANSACTION 'x';
-- the first phase: rows are invisible, and the session is idle
BEGIN;
INSERT INTO t VALUES (1, 1);
PREPARE TRANSACTION 'x';
SELECT * FROM t;
SELECT gid, owner, database, transaction IS NOT NULL AS xid, prepared <= now() AS at FROM pg_prepared_xacts;
SELECT gid, ownerid = 10 AS owner FROM pg_prepared_xact();
-- the name is taken: the transaction is rolled back, and over
BEGIN;
INSERT INTO t VALUES (2, 2);
PREPARE TRANSACTION 'x';
SELECT * FROM t;
COMMIT;
-- not in a block
BEGIN;
COMMIT PREPARED 'x';
ROLLBACK;
BEGIN;
ROLLBACK PREPARED 'x';
SELECT 1;
ROLLBACK;
COMMIT PREPARED 'nope';
ROLLBACK PREPARED 'nope';
COMMIT PREPARED 'x';
SELECT * FROM t;
COMMIT PREPARED 'x';
SELECT count(*) FROM pg_prepared_xacts;
-- rollback
BEGIN;
UPDATE t SET b = 100;
DELETE FROM t WHERE a = 1;
INSERT INTO t SELECT g, g FROM generate_series(10, 20) g;
PREPARE TRANSACTION 'back';
SELECT * FROM t ORDER BY a;
ROLLBACK PREPARED 'back';
SELECT * FROM t ORDER BY a;
-- a failed block
BEGIN;
SELECT 1/0;
PREPARE TRANSACTION 'f';
BEGIN;
SELECT 1/0;
COMMIT PREPARED 'f';
ROLLBACK;
-- read only, nothing done, an empty name
BEGIN READ ONLY;
SELECT count(*) FROM t;
PREPARE TRANSACTION 'ro';
BEGIN;
PREPARE TRANSACTION '';
SELECT gid FROM pg_prepared_xacts ORDER BY gid;
SET default_transaction_read_only = on;
COMMIT PREPARED '';
ROLLBACK PREPARED 'ro';
RESET default_transaction_read_only;
-- the name's length
BEGIN;
PREPARE TRANSACTION '01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789';
BEGIN;
PREPARE TRANSACTION '0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678';
SELECT length(gid) FROM pg_prepared_xacts;
ROLLBACK PREPARED '0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678';
-- cursors
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT 1;
PREPARE TRANSACTION 'hold';
BEGIN;
DECLARE c CURSOR FOR SELECT 1;
PREPARE TRANSACTION 'cur';
FETCH 1 FROM c;
COMMIT PREPARED 'cur';
BEGIN;
UNLISTEN *;
PREPARE TRANSACTION 'listen';
ROLLBACK PREPARED 'listen';
-- savepoints
BEGIN;
INSERT INTO t VALUES (30, 1);
SAVEPOINT s;
INSERT INTO t VALUES (31, 1);
ROLLBACK TO s;
SAVEPOINT s2;
INSERT INTO t VALUES (32, 1);
RELEASE s2;
PREPARE TRANSACTION 'sp';
COMMIT PREPARED 'sp';
SELECT * FROM t ORDER BY a;
-- an open savepoint at the end
BEGIN;
SAVEPOINT s;
DELETE FROM t WHERE a >= 30;
PREPARE TRANSACTION 'sp2';
SELECT count(*) FROM t;
ROLLBACK PREPARED 'sp2';
SELECT count(*) FROM t;
-- in one string
SELECT 1 AS one \; PREPARE TRANSACTION 'q';
BEGIN \; INSERT INTO t VALUES (40, 1) \; PREPARE TRANSACTION 'm';
SELECT gid FROM pg_prepared_xacts ORDER BY gid;
ROLLBACK PREPARED 'm' \; SELECT 1;
ROLLBACK PREPARED 'm';
COMMIT PREPARED 'q';
-- settings stay, SET LOCAL goes
BEGIN;
SET LOCAL work_mem = '1MB';
SET statement_timeout = '1h';
PREPARE TRANSACTION 'gu';
SHOW statement_timeout;
SHOW work_mem;
ROLLBACK PREPARED 'gu';
SHOW statement_timeout;
RESET statement_timeout;
-- deferred constraints are checked by the first phase
CREATE TABLE child (a int REFERENCES t DEFERRABLE INITIALLY DEFERRED);
BEGIN;
INSERT INTO child VALUES (77);
PREPARE TRANSACTION 'fk';
SELECT count(*) FROM child;
BEGIN;
INSERT INTO child VALUES (78);
INSERT INTO t VALUES (78, 1);
PREPARE TRANSACTION 'fk';
COMMIT PREPARED 'fk';
SELECT * FROM child;
-- DDL in it
BEGIN;
CREATE TABLE made (x int PRIMARY KEY, y text);
INSERT INTO made SELECT g, repeat('x', 5000) FROM generate_series(1, 50) g;
CREATE INDEX ON made ((length(y)));
ALTER TABLE child ADD COLUMN more text DEFAULT 'd';
PREPARE TRANSACTION 'ddl';
SELECT count(*) FROM made;
COMMIT PREPARED 'ddl';
SELECT count(*), sum(length(y)) FROM made;
SELECT * FROM child;
BEGIN;
DROP TABLE made;
TRUNCATE child;
CREATE TABLE other (z int);
INSERT INTO other VALUES (1);
PREPARE TRANSACTION 'ddl';
SELECT count(*) FROM other;
ROLLBACK PREPARED 'ddl';
SELECT count(*) FROM other;
SELECT count(*), sum(length(y)) FROM made;
SELECT * FROM child;
BEGIN;
DROP TABLE made;
TRUNCATE child;
PREPARE TRANSACTION 'ddl';
COMMIT PREPARED 'ddl';
SELECT count(*) FROM made;
SELECT * FROM child;
-- large values
CREATE TABLE big (a int PRIMARY KEY, v text);
INSERT INTO big VALUES (1, repeat('abc', 100000));
BEGIN;
UPDATE big SET v = repeat('xyz', 90000);
PREPARE TRANSACTION 'big';
SELECT a, length(v) FROM big;
ROLLBACK PREPARED 'big';
SELECT a, length(v), md5(v) FROM big;
BEGIN;
UPDATE big SET v = repeat('xyz', 90000);
PREPARE TRANSACTION 'big';
COMMIT PREPARED 'big';
SELECT a, length(v), md5(v) FROM big;
-- sequences do not wait
CREATE SEQUENCE sq;
BEGIN;
SELECT nextval('sq');
PREPARE TRANSACTION 'sq';
SELECT nextval('sq');
ROLLBACK PREPARED 'sq';
SELECT nextval('sq');
-- locks stay
BEGIN;
SELECT a FROM t WHERE a = 1 FOR UPDATE;
LOCK TABLE child IN SHARE MODE;
PREPARE TRANSACTION 'locks';
SELECT a FROM t WHERE a = 1 FOR UPDATE NOWAIT;
SELECT a FROM t WHERE a = 1 FOR SHARE SKIP LOCKED;
BEGIN;
LOCK TABLE child IN ROW EXCLUSIVE MODE NOWAIT;
ROLLBACK;
SET lock_timeout = '50ms';
\set VERBOSITY terse
UPDATE t SET b = 7 WHERE a = 1;
\set VERBOSITY verbose
COMMIT PREPARED 'locks';
UPDATE t SET b = 7 WHERE a = 1;
INSERT INTO child VALUES (1);
SELECT * FROM t ORDER BY a;
-- advisory locks of the transaction go with it, those of the session do not
BEGIN;
SELECT pg_advisory_xact_lock(7), pg_advisory_xact_lock_shared(8), pg_advisory_lock(9);
PREPARE TRANSACTION 'advisory';
SELECT pg_try_advisory_lock(7) AS seven, pg_try_advisory_lock_shared(8) AS shared, pg_try_advisory_lock(8) AS eight,
       pg_try_advisory_lock(9) AS nine;
SELECT pg_advisory_unlock(7);
COMMIT PREPARED 'advisory';
SELECT pg_try_advisory_lock(7) AS seven;
BEGIN;
SELECT pg_advisory_xact_lock(9);
PREPARE TRANSACTION 'both';
SELECT pg_advisory_unlock_all();
-- the statement by its protocol name, and as an unknown command
PREPARE TRANSACTION;
SELECT count(*) FROM pg_prepared_xacts;
SHOW max_prepared_transactions;
SET max_prepared_transactions = 3;
