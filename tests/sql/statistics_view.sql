-- What ANALYZE finds in tables that it samples whole.
CREATE TABLE st (id int PRIMARY KEY, a int, b text, c numeric, d date, e float8, f bool, g varchar(10), h int);
INSERT INTO st SELECT i, i % 7, CASE WHEN i % 3 = 0 THEN NULL ELSE 'v' || i % 50 END, (i % 20)::numeric / 4,
    date '2020-01-01' + i % 400, i * 0.5, i % 10 = 0, 'x', CASE WHEN i % 2 = 0 THEN 1 ELSE i END
    FROM generate_series(1, 3000) i;
ANALYZE st;
SELECT attname, inherited, null_frac, n_distinct FROM pg_stats WHERE tablename = 'st' ORDER BY attname;
SELECT attname, avg_width FROM pg_stats WHERE tablename = 'st' AND attname <> 'c' ORDER BY attname;
SELECT attname, correlation::numeric(8, 4) FROM pg_stats WHERE tablename = 'st' ORDER BY attname;
SELECT attname, most_common_vals::text FROM pg_stats WHERE tablename = 'st' ORDER BY attname;
SELECT attname, most_common_freqs::text FROM pg_stats WHERE tablename = 'st' AND attname IN ('a', 'c', 'f', 'g', 'h') ORDER BY attname;
SELECT attname, histogram_bounds::text FROM pg_stats WHERE tablename = 'st' ORDER BY attname;
SELECT reltuples, relname FROM pg_class WHERE relname = 'st';
-- Again after changes; values that need quotes.
UPDATE st SET a = 99 WHERE id > 1500;
DELETE FROM st WHERE id <= 1000;
ALTER TABLE st ADD COLUMN k text;
UPDATE st SET k = CASE id % 8 WHEN 0 THEN 'a b' WHEN 1 THEN 'c,d' WHEN 2 THEN '"q"' WHEN 3 THEN '{x}' WHEN 4 THEN '' WHEN 5 THEN 'null' WHEN 6 THEN 'back\slash' ELSE 'plain' END;
ANALYZE st;
SELECT attname, null_frac, n_distinct, most_common_vals::text FROM pg_stats WHERE tablename = 'st' AND attname IN ('a', 'k', 'id') ORDER BY attname;
SELECT reltuples FROM pg_class WHERE relname = 'st';
-- In a transaction that is rolled back.
BEGIN;
UPDATE st SET a = 5;
ANALYZE st;
SELECT n_distinct, most_common_vals::text FROM pg_stats WHERE tablename = 'st' AND attname = 'a';
ROLLBACK;
SELECT n_distinct, most_common_vals::text FROM pg_stats WHERE tablename = 'st' AND attname = 'a';
-- An empty table, a table of NULLs, a key beside a common value.
CREATE TABLE st_empty (a int);
CREATE TABLE st_null (a int, b text);
INSERT INTO st_null SELECT NULL, NULL FROM generate_series(1, 10);
ANALYZE st_empty;
ANALYZE st_null;
SELECT count(*) FROM pg_stats WHERE tablename = 'st_empty';
SELECT attname, null_frac, avg_width, n_distinct, most_common_vals::text, histogram_bounds::text, correlation FROM pg_stats WHERE tablename = 'st_null' ORDER BY 1;
SELECT stakind1, stakind2, stakind3, stakind4, staop1, staop2, staop3 FROM pg_statistic s JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum WHERE starelid = 'st'::regclass ORDER BY a.attname;
DROP TABLE st, st_empty, st_null;
SELECT count(*) FROM pg_stats WHERE tablename LIKE 'st%';
