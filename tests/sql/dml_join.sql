-- UPDATE ... FROM and DELETE ... USING
CREATE TABLE u (id int PRIMARY KEY, n int, s text);
INSERT INTO u VALUES (101, 1, 'a'), (102, 2, 'b'), (103, 3, 'c');
CREATE TABLE f (id int, bonus int);
INSERT INTO f VALUES (101, 5), (102, 7), (999, 1);
UPDATE u SET n = u.n + f.bonus FROM f WHERE f.id = u.id;
UPDATE u SET s = 'joined' FROM f a, f b WHERE a.id = u.id AND b.id = 999 AND b.bonus = 1;
UPDATE u SET n = x.b FROM (SELECT id, bonus * 100 AS b FROM f) x WHERE x.id = u.id AND x.id = 102 RETURNING u.id, u.n, x.b;
SELECT * FROM u ORDER BY id;
UPDATE u SET n = 0 FROM u x WHERE x.id = u.id + 1;
SELECT * FROM u ORDER BY id;
UPDATE u SET n = f.nosuch FROM f;
UPDATE u SET n = 1 FROM u WHERE u.id = 1;
DELETE FROM u USING f WHERE f.id = u.id AND f.bonus = 5 RETURNING u.id, f.bonus;
DELETE FROM u USING (VALUES (103), (50)) v (k) WHERE u.id = v.k RETURNING u.id, v.k;
DELETE FROM u USING u x WHERE x.id = u.id;
SELECT count(*) FROM u;
