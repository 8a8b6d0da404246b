-- pg_lsn: positions of the log
SELECT '0/0'::pg_lsn, 'FFFFFFFF/FFFFFFFF'::pg_lsn, '16/b374d848'::pg_lsn;
SELECT 'G/0'::pg_lsn;
SELECT '-1/0'::pg_lsn;
SELECT ' 0/1'::pg_lsn;
SELECT '0/1 '::pg_lsn;
SELECT '/1'::pg_lsn;
SELECT '1'::pg_lsn;
SELECT '123456789/0'::pg_lsn;
SELECT '0/1'::pg_lsn < '1/0'::pg_lsn, 'FFFFFFFF/0'::pg_lsn > '1/0'::pg_lsn, '0/a'::pg_lsn = '0/A'::pg_lsn;
SELECT '0/16AE7F8'::pg_lsn - '0/16AE7F7'::pg_lsn, '0/0'::pg_lsn - 'FFFFFFFF/FFFFFFFF'::pg_lsn;
SELECT pg_wal_lsn_diff('1/0', '0/FF');
CREATE TABLE positions (p pg_lsn PRIMARY KEY);
INSERT INTO positions VALUES ('1/0'), ('0/2'), ('FFFFFFFF/0'), ('0/1');
SELECT p FROM positions ORDER BY p;
SELECT min(p), max(p) FROM positions;
INSERT INTO positions VALUES ('00/01');
SELECT pg_current_wal_lsn() > '0/1', pg_current_wal_insert_lsn() >= pg_current_wal_flush_lsn();
SELECT pg_typeof(pg_current_wal_lsn());
