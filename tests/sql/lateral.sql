-- LATERAL
CREATE TABLE t (id int, g text, n int);
INSERT INTO t VALUES (1, 'x', 5), (2, 'x', 7), (3, 'y', 1), (4, 'z', null), (5, 'y', 9);
-- derived tables: nesting, aliases, grouping and limits inside, joins outside, LATERAL
SELECT t.id, l.m FROM t, LATERAL (SELECT t.n * 10 AS m) l ORDER BY t.id;
SELECT t.id, l.c FROM t LEFT JOIN LATERAL (SELECT count(*) AS c FROM t u WHERE u.n < t.n) l ON true ORDER BY t.id;
SELECT * FROM t, (SELECT t.n) s;
