-- views with window functions, back to text
CREATE TABLE s (a int, b text, c int, v int);
INSERT INTO s VALUES (1, 'x', 0, 5), (2, 'y', 1, 7), (1, 'x', 1, 9);
CREATE VIEW w1 AS SELECT v, sum(v) OVER w AS t, lag(v, 2, 0) OVER (ORDER BY v) AS l, count(*) FILTER (WHERE a = 1) OVER w AS f, row_number() OVER () AS n
    FROM s WINDOW w AS (PARTITION BY c, a ORDER BY v DESC, b ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING);
SELECT pg_get_viewdef('w1'::regclass);
SELECT pg_get_viewdef('w1'::regclass, true);
CREATE VIEW w2 AS SELECT rank() OVER (w ORDER BY v), sum(v) OVER w2, avg(v) OVER (PARTITION BY a ORDER BY v GROUPS 2 PRECEDING EXCLUDE TIES), nth_value(b, 2) OVER (ORDER BY v NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    FROM s WINDOW w AS (PARTITION BY c), w2 AS (w ORDER BY a) ORDER BY rank() OVER (ORDER BY a);
SELECT pg_get_viewdef('w2'::regclass);
SELECT * FROM w1 ORDER BY v;
SELECT * FROM w2 ORDER BY 2, 3;
