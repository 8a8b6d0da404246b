-- Single statements whose answers differ: folding that raises at plan time, pg_typeof of a literal, a hint of
-- UNION, aggregates that belong to an outer query.
CREATE TABLE u (id int PRIMARY KEY, m numeric(5,1));
UPDATE u SET m = 99999 WHERE id = 111;
SELECT pg_typeof('lit'), pg_typeof(null);
SELECT 1 AS a UNION SELECT 2 AS b ORDER BY b;
CREATE TABLE e (id int, pay int);
CREATE TABLE d (id int, cap int);
INSERT INTO e VALUES (1, 100), (2, 110);
INSERT INTO d VALUES (1, 90), (2, 200);
SELECT (SELECT max(e.pay)) FROM e;
SELECT (SELECT count(*) FROM d WHERE d.cap > avg(e.pay)) FROM e;
