-- Conditions on queries in FROM: the rows are those of testing them outside, whatever the query does.
CREATE TABLE item (id int PRIMARY KEY, kind text, price numeric(8,2), parent int);
INSERT INTO item SELECT n, 'k' || n % 4, n * 1.25, nullif(n % 7, 0) FROM generate_series(1, 60) n;
CREATE VIEW plain AS SELECT id, kind AS sort, price * 2 AS twice, parent FROM item WHERE price > 5;
SELECT * FROM plain WHERE id = 17;
SELECT * FROM plain WHERE id = 2;
SELECT id FROM plain WHERE twice = 50 OR sort = 'k9' ORDER BY 1;
SELECT id, sort FROM (SELECT * FROM plain WHERE sort IN ('k1', 'k2')) p WHERE id BETWEEN 10 AND 19 AND sort <> 'k2' ORDER BY id;
PREPARE by_id(int) AS SELECT sort FROM plain WHERE id = $1;
EXECUTE by_id(30);
EXECUTE by_id(31);
-- Grouped: on keys, on values, without keys.
CREATE VIEW by_kind AS SELECT kind, count(*) AS n, sum(price) AS total FROM item GROUP BY kind;
SELECT * FROM by_kind WHERE kind = 'k3';
SELECT kind FROM by_kind WHERE total > 300 ORDER BY 1;
SELECT * FROM by_kind WHERE kind > 'k1' AND n > 3 ORDER BY 1;
SELECT * FROM (SELECT count(*) AS n FROM item) c WHERE n = 0;
SELECT * FROM (SELECT 1 AS one, count(*) AS n FROM item) c WHERE one = 2;
SELECT * FROM (SELECT kind, count(*) AS n FROM item GROUP BY kind HAVING count(*) > 14) c WHERE kind IN ('k1', 'k0') ORDER BY 1;
SELECT kind, parent, n FROM (SELECT kind, parent, count(*) AS n FROM item GROUP BY ROLLUP (kind, parent)) c WHERE kind IS NULL;
SELECT kind, parent, n FROM (SELECT kind, parent, count(*) AS n FROM item GROUP BY GROUPING SETS ((kind), (parent))) c WHERE parent = 3;
-- Limits, windows and DISTINCT depend on the other rows.
SELECT id FROM (SELECT id FROM item ORDER BY id LIMIT 5) l WHERE id > 3 ORDER BY 1;
SELECT id FROM (SELECT id FROM item ORDER BY id OFFSET 57) l WHERE id <> 59 ORDER BY 1;
SELECT id, r FROM (SELECT id, kind, row_number() OVER (PARTITION BY kind ORDER BY id) AS r FROM item) w WHERE id IN (20, 24) ORDER BY 1;
SELECT * FROM (SELECT DISTINCT kind FROM item) d WHERE kind >= 'k2' ORDER BY 1;
SELECT * FROM (SELECT DISTINCT ON (kind) kind, id FROM item ORDER BY kind, id DESC) d WHERE id < 59 ORDER BY 1;
SELECT * FROM (SELECT id FROM item WHERE id < 4 UNION ALL SELECT parent FROM item WHERE id < 4) u WHERE id = 2 ORDER BY 1;
SELECT * FROM (WITH c AS (SELECT id, kind FROM item) SELECT c.id, d.kind FROM c JOIN c d ON d.id = c.id + 1) w WHERE id = 5;
-- Outer joins, inside and around.
CREATE VIEW parents AS SELECT i.id, i.kind, p.id AS parent_id, p.kind AS parent_kind FROM item i LEFT JOIN item p ON p.id = i.parent;
SELECT * FROM parents WHERE parent_id IS NULL ORDER BY 1;
SELECT * FROM parents WHERE parent_kind = 'k2' AND id < 20 ORDER BY 1;
SELECT i.id, p.sort FROM item i LEFT JOIN plain p ON p.id = i.id AND p.sort = 'k1' WHERE i.id < 8 ORDER BY 1;
SELECT i.id, p.sort FROM item i LEFT JOIN plain p ON p.id = i.id WHERE i.id < 8 AND p.sort IS NULL ORDER BY 1;
SELECT p.id, i.kind FROM plain p JOIN item i ON i.id = p.parent WHERE p.id = 12 AND i.kind <> p.sort;
-- Sub-queries and functions among the columns; a column twice; whole rows.
SELECT * FROM (SELECT id, (SELECT max(j.id) FROM item j WHERE j.kind = item.kind) AS newest FROM item) s WHERE newest = 60 AND id < 10 ORDER BY 1;
SELECT * FROM (SELECT id, generate_series(1, id) AS g FROM item WHERE id < 4) s WHERE id = 3 AND g > 1 ORDER BY 2;
SELECT * FROM (SELECT id, id AS again, kind || id AS label FROM item) s WHERE id = again AND label = 'k35' ORDER BY 1;
SELECT * FROM (SELECT id, kind || id AS label FROM item) s WHERE label LIKE 'k%7' AND CASE id WHEN 7 THEN true ELSE id > 40 END ORDER BY 1;
SELECT p FROM plain p WHERE p.id = 9;
SELECT count(*) FROM (SELECT id, random() AS r FROM item) s WHERE r >= 0 AND id <= 10;
SELECT i.id FROM item i WHERE EXISTS (SELECT FROM plain p WHERE p.id = i.id AND p.twice = 2.5 * i.id) AND i.id > 57 ORDER BY 1;
SELECT i.id, l.n FROM item i, LATERAL (SELECT count(*) AS n, j.kind FROM item j WHERE j.parent = i.id GROUP BY j.kind) l WHERE l.kind = 'k1' ORDER BY 1;
-- Rows are locked and changed through it as before.
SELECT id FROM (SELECT id, kind FROM item FOR UPDATE) f WHERE id = 5;
UPDATE item SET price = 0 FROM plain p WHERE p.id = item.id AND p.sort = 'k1' AND p.id < 10 RETURNING item.id;
SELECT 1 / (id - 2) AS a FROM (SELECT id FROM item WHERE id <> 2) s WHERE id < 4 AND 1 / (id - 2) > 0;
DROP TABLE item CASCADE;
