-- EXPLAIN ANALYZE: rows and loops; the shape of the plan is not what is compared
CREATE TABLE one (id int PRIMARY KEY, n int);
INSERT INTO one SELECT g, g % 7 FROM generate_series(1, 1000) g;
ANALYZE one;
\pset tuples_only on
\pset format unaligned
\o | grep -o 'actual rows.*\|Rows Removed.*\|never executed\|.* Time: [0-9]' | sed 's/[0-9]$/N/'
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT * FROM one;
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT * FROM one WHERE n = 3;
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT count(*) FROM one;
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT * FROM one WHERE id = 7;
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT * FROM one ORDER BY n, id LIMIT 5;
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT n, count(*) FROM one GROUP BY n;
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY on) SELECT 1;
EXPLAIN (ANALYZE, COSTS off, TIMING off) SELECT 1;
EXPLAIN (COSTS off, SUMMARY on) SELECT 1;
\o
-- times, and a plain EXPLAIN ANALYZE
\o | sed -E 's/[0-9]+\.[0-9]+/T/g; s/T\.\.T rows=[0-9]+ width=[0-9]+/COST/'
EXPLAIN ANALYZE SELECT;
EXPLAIN ANALYZE VALUES (1), (2);
\o
\pset format aligned
\pset tuples_only off
-- it is done: what changes rows changes them, and fails as it does
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) INSERT INTO one VALUES (2001, 1), (2002, 2);
SELECT count(*) FROM one;
EXPLAIN (COSTS off) INSERT INTO one VALUES (2003, 1);
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) INSERT INTO one VALUES (2001, 1);
EXPLAIN ANALYZE SELECT 1 / (id - 5) FROM one;
BEGIN;
EXPLAIN ANALYZE DELETE FROM one \g /dev/null
SELECT count(*) FROM one;
ROLLBACK;
SELECT count(*) FROM one;
BEGIN READ ONLY;
EXPLAIN ANALYZE DELETE FROM one;
ROLLBACK;
EXPLAIN (TIMING) SELECT 1;
EXPLAIN (ANALYZE maybe) SELECT 1;
PREPARE q AS SELECT * FROM one WHERE id = 3;
SELECT count(*) FROM one WHERE n = 3;
