-- WITH: plain, several, used twice, in DML
CREATE TABLE t (id int, up int, v int);
INSERT INTO t VALUES (1, null, 10), (2, 1, 20), (3, 1, 30), (4, 3, 40);
WITH a AS (SELECT id, v FROM t WHERE v > 10) SELECT * FROM a ORDER BY id;
WITH a AS (SELECT id, v FROM t), b AS (SELECT sum(v) AS s FROM a) SELECT a.id, b.s FROM a, b ORDER BY a.id;
WITH a (x, y) AS (SELECT id, v FROM t) SELECT p.x, q.y FROM a p JOIN a q ON q.x = p.x + 1 ORDER BY 1;
WITH a AS (SELECT 1 AS x) SELECT (SELECT x FROM a) + 1;
WITH a AS (SELECT max(id) AS m FROM t) INSERT INTO t SELECT m + 1, null, 0 FROM a RETURNING id;
WITH a AS (SELECT id FROM t WHERE v = 0) DELETE FROM t WHERE id IN (SELECT id FROM a) RETURNING id;
WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r;
WITH RECURSIVE tree AS (SELECT id, 0 AS depth FROM t WHERE up IS NULL UNION ALL SELECT t.id, depth + 1 FROM t JOIN tree ON t.up = tree.id) SELECT * FROM tree ORDER BY id;
WITH a AS (SELECT nosuch FROM t) SELECT 1;
WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a;
SELECT * FROM a;
