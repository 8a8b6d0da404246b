-- What ANALYZE finds in tables that it samples whole.
CREATE TABLE st (id int PRIMARY KEY, a int, b text, c numeric, d date, e float8, f bool, g varchar(10), h int);
INSERT INTO st SELECT i, i % 7, CASE WHEN i % 3 = 0 THEN NULL ELSE 'v' || i % 50 END, (i % 20)::numeric / 4,
    date '2020-01-01' + i % 400, i * 0.5, i % 10 = 0, 'x', CASE WHEN i % 2 = 0 THEN 1 ELSE i END
    FROM generate_series(1, 3000) i;
ANALYZE st;
SELECT attname, stainherit, stanullfrac, stadistinct FROM pg_statistic s JOIN pg_attribute t ON t.attrelid = s.starelid AND t.attnum = s.staattnum WHERE starelid = 'st'::regclass ORDER BY attname;
SELECT attname, stawidth FROM pg_statistic s JOIN pg_attribute t ON t.attrelid = s.starelid AND t.attnum = s.staattnum WHERE starelid = 'st'::regclass AND attname <> 'c' ORDER BY attname;
SELECT attname, stanumbers2::text, stanumbers3::text FROM pg_statistic s JOIN pg_attribute t ON t.attrelid = s.starelid AND t.attnum = s.staattnum WHERE starelid = 'st'::regclass ORDER BY attname;
SELECT attname, stavalues1::text FROM pg_statistic s JOIN pg_attribute t ON t.attrelid = s.starelid AND t.attnum = s.staattnum WHERE starelid = 'st'::regclass ORDER BY attname;
SELECT attname, stanumbers1::text FROM pg_statistic s JOIN pg_attribute t ON t.attrelid = s.starelid AND t.attnum = s.staattnum WHERE starelid = 'st'::regclass AND attname IN ('a', 'c', 'f', 'g', 'h') ORDER BY attname;
SELECT attname, stavalues2::text FROM pg_statistic s JOIN pg_attribute t ON t.attrelid = s.starelid AND t.attnum = s.staattnum WHERE starelid = 'st'::regclass ORDER BY attname;
SELECT reltuples, relname FROM pg_class WHERE relname = 'st';
-- Again after changes; values that need quotes.
UPDATE st SET a = 99 WHERE id > 1500;
DELETE FROM st WHERE id <= 1000;
ALTER TABLE st ADD COLUMN k text;
UPDATE st SET k = CASE id % 8 WHEN 0 THEN 'a b' WHEN 1 THEN 'c,d' WHEN 2 THEN '"q"' WHEN 3 THEN '{x}' WHEN 4 THEN '' WHEN 5 THEN 'null' WHEN 6 THEN 'back\slash' ELSE 'plain' END;
ANALYZE st;
SELECT attname, stanullfrac, stadistinct, stavalues1::text FROM pg_statistic s JOIN pg_attribute t ON t.attrelid = s.starelid AND t.attnum = s.staattnum WHERE starelid = 'st'::regclass AND attname IN ('a', 'k', 'id') ORDER BY attname;
SELECT reltuples FROM pg_class WHERE relname = 'st';
-- In a transaction that is rolled back.
BEGIN;
UPDATE st SET a = 5;
ANALYZE st;
SELECT stadistinct, stavalues1::text FROM pg_statistic s JOIN pg_attribute t ON t.attrelid = s.starelid AND t.attnum = s.staattnum WHERE starelid = 'st'::regclass AND attname = 'a' ORDER BY attname;
ROLLBACK;
SELECT stadistinct, stavalues1::text FROM pg_statistic s JOIN pg_attribute t ON t.attrelid = s.starelid AND t.attnum = s.staattnum WHERE starelid = 'st'::regclass AND attname = 'a' ORDER BY attname;
-- An empty table, a table of NULLs, a key beside a common value.
CREATE TABLE st_empty (a int);
CREATE TABLE st_null (a int, b text);
INSERT INTO st_null SELECT NULL, NULL FROM generate_series(1, 10);
ANALYZE st_empty;
ANALYZE st_null;
SELECT count(*) FROM pg_statistic s JOIN pg_attribute t ON t.attrelid = s.starelid AND t.attnum = s.staattnum WHERE starelid = 'st_empty'::regclass;
SELECT attname, stanullfrac, stawidth, stadistinct, stavalues1::text, stavalues2::text, stanumbers1 FROM pg_statistic s JOIN pg_attribute t ON t.attrelid = s.starelid AND t.attnum = s.staattnum WHERE starelid = 'st_null'::regclass ORDER BY attname;
SELECT stakind1, stakind2, stakind3, stakind4, staop1, staop2, staop3 FROM pg_statistic s JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum WHERE starelid = 'st'::regclass ORDER BY a.attname;
DROP TABLE st, st_empty, st_null;
