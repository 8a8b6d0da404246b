-- several set-returning functions in a target list go side by side
SELECT generate_series(1, 3), generate_series(10, 11);
SELECT generate_series(1, 2), 'x', unnest(ARRAY['a', 'b', 'c']);
CREATE TABLE t (id int, v int[]);
INSERT INTO t VALUES (1, '{5,6}'), (2, '{}'), (3, '{7}'), (4, NULL);
SELECT id, unnest(v), generate_subscripts(v, 1) FROM t;
SELECT id, generate_series(1, id), generate_series(id, 3) FROM t WHERE id < 4;
SELECT count(*) FROM (SELECT generate_series(1, 3000), generate_series(1, 2000) FROM t) s;
SELECT generate_series(1, 0), generate_series(2, 1);
SELECT id, unnest(v) AS x, generate_series(1, 2) AS y FROM t ORDER BY id DESC, y;
