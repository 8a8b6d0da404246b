-- views with windows and arrays under another path and after renames
CREATE TABLE t (a int, b int);
INSERT INTO t SELECT i % 3, i FROM generate_series(1, 9) i;
CREATE VIEW w AS SELECT a, b, rank() OVER (PARTITION BY a ORDER BY b DESC) AS r, sum(b) FILTER (WHERE b > 2) OVER (ORDER BY b ROWS 1 PRECEDING) AS s, lag(b, 1, 0) OVER x AS l FROM t WINDOW x AS (ORDER BY b);
CREATE VIEW arr AS SELECT array_agg(b ORDER BY b) AS bs, (array_agg(b ORDER BY b))[1:2] AS two, ARRAY[1, 2] || 3 AS c FROM t WHERE a = ANY ('{1,2}');
SET search_path = pg_catalog;
ALTER TABLE public.t RENAME b TO bb;
SELECT * FROM public.w ORDER BY b;
SELECT * FROM public.arr;
SELECT pg_get_viewdef('public.arr'::regclass, true);
