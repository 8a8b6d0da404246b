-- right and full joins
CREATE TABLE a (id int, x text);
CREATE TABLE b (id int, y text);
INSERT INTO a VALUES (1, 'a1'), (2, 'a2'), (2, 'a2b'), (null, 'an'), (3, 'a3');
INSERT INTO b VALUES (2, 'b2'), (3, 'b3'), (3, 'b3b'), (4, 'b4'), (null, 'bn');
SELECT x, y FROM a RIGHT JOIN b ON a.id = b.id ORDER BY x, y;
SELECT x, y FROM a RIGHT OUTER JOIN b ON a.id = b.id AND a.x > 'a2' ORDER BY x, y;
SELECT x, y FROM a RIGHT JOIN b ON a.id = b.id WHERE a.id IS NULL ORDER BY y;
SELECT x, y FROM a FULL JOIN b ON a.id = b.id ORDER BY x, y;
SELECT x, y FROM a FULL OUTER JOIN b ON a.id = b.id WHERE a.id IS NULL OR b.id IS NULL ORDER BY x, y;
SELECT id, x, y FROM a FULL JOIN b USING (id) ORDER BY id, x, y;
SELECT id, x, y FROM a RIGHT JOIN b USING (id) ORDER BY id, x, y;
SELECT count(*), count(x), count(y) FROM a FULL JOIN b ON a.id = b.id;
