-- advisory locks of one session: counts, modes, keys, warnings, what is left after errors and DISCARD ALL
SELECT pg_advisory_lock(4001), pg_advisory_lock(4001), pg_try_advisory_lock(4001);
SELECT pg_advisory_unlock(4001);
SELECT pg_advisory_unlock(4001), pg_advisory_unlock(4001);
SELECT pg_advisory_unlock(4001);
SELECT pg_advisory_unlock_shared(4001);
-- shared and exclusive are counted apart
SELECT pg_advisory_lock_shared(4002), pg_advisory_lock(4002);
SELECT pg_advisory_unlock(4002), pg_advisory_unlock(4002), pg_advisory_unlock_shared(4002);
-- two integers are another lock than the bigint of the same bits
SELECT pg_advisory_lock(1, 2);
SELECT pg_advisory_unlock(4294967298);
SELECT pg_advisory_unlock(2, 1);
SELECT pg_advisory_unlock(1, 2);
SELECT pg_advisory_lock(-1, -2), pg_advisory_lock(-9223372036854775808), pg_advisory_lock(9223372036854775807);
SELECT pg_advisory_unlock(-1, -2), pg_advisory_unlock(-9223372036854775808), pg_advisory_unlock(9223372036854775807);
-- a lock of the transaction cannot be given back
SELECT pg_advisory_xact_lock(4003), pg_advisory_unlock(4003);
BEGIN;
SELECT pg_advisory_xact_lock(4004), pg_advisory_xact_lock_shared(4004), pg_try_advisory_xact_lock(4004), pg_try_advisory_xact_lock_shared(4, 5);
SELECT pg_advisory_unlock(4004), pg_advisory_unlock_shared(4004);
SELECT pg_advisory_unlock_all();
SELECT pg_advisory_lock(4004);
COMMIT;
SELECT pg_advisory_unlock(4004), pg_advisory_unlock(4004);
-- what a failed statement or transaction took for the session stays
SELECT pg_advisory_lock(4005), 1 / (pg_backend_pid() - pg_backend_pid());
SELECT pg_advisory_unlock(4005);
BEGIN;
SELECT pg_advisory_lock(4006);
ROLLBACK;
SELECT pg_advisory_unlock(4006), pg_advisory_unlock(4006);
-- NULL takes nothing
SELECT pg_advisory_lock(NULL), pg_try_advisory_lock(NULL), pg_advisory_unlock(NULL), pg_advisory_lock(1, NULL);
SELECT pg_advisory_unlock(1, 0);
-- once a row
CREATE TABLE adv (id bigint PRIMARY KEY);
INSERT INTO adv SELECT generate_series(1, 5);
SELECT id FROM adv WHERE pg_try_advisory_lock(id) ORDER BY id LIMIT 3;
SELECT id, pg_advisory_unlock(id) FROM adv ORDER BY id;
SELECT pg_advisory_unlock_all();
DROP TABLE adv;
SELECT pg_advisory_lock(4007), pg_advisory_lock_shared(4007), pg_advisory_lock(4007);
DISCARD ALL;
SELECT pg_advisory_unlock(4007);
PREPARE p AS SELECT pg_try_advisory_lock($1);
EXECUTE p(4008);
EXECUTE p(4008);
SELECT pg_advisory_unlock(4008), pg_advisory_unlock(4008), pg_advisory_unlock(4008);
