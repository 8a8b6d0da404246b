-- row types: CREATE TYPE AS, row values in columns, I/O, fields, ALTER TYPE
CREATE TYPE pair AS (x int, y text);
CREATE TYPE nested AS (p pair, n numeric(6,2));
SELECT '(1,a)'::pair, ROW(1, 'a')::pair, (1, 'a b')::pair, '(,)'::pair, '(1,"a ""q"" \\ (x)")'::pair;
SELECT ('(1,a)'::pair).x, (ROW(2, 'b')::pair).y, ((ROW(ROW(1, 'z'), 1.255)::nested).p).y;
SELECT '("(1,a)",1.5)'::nested, (ROW(ROW(1, 'z'), 1.255)::nested).n;
SELECT pg_typeof(ROW(1, 'a')::pair);
SELECT '1,a)'::pair;
SELECT '(1)'::pair;
SELECT '(1,a,b)'::pair;
SELECT '(1,a) x'::pair;
SELECT '(1,"a'::pair;
SELECT '(x,a)'::pair;
SELECT ROW(1)::pair;
SELECT ROW(1, 'a', 2)::pair;
SELECT ROW('x', 'a')::pair;
SELECT ROW(true, 'a')::pair;
SELECT 1::pair;
SELECT (ROW(1, 'a')::pair).z;
CREATE TABLE ct (id int, c pair, cs pair[], n nested);
INSERT INTO ct VALUES (1, ROW(1, 'a'), ARRAY[ROW(1, 'a'), ROW(2, 'b')]::pair[], ROW(ROW(1, 'q'), 2.5));
INSERT INTO ct VALUES (2, '(2,b)', '{"(3,c)"}', '("(5,r)",1)'), (3, NULL, NULL, NULL);
INSERT INTO ct (id, c.x) VALUES (4, 9);
SELECT * FROM ct ORDER BY id;
SELECT id, (c).x, (c).y, (ct.c).x, (cs[1]).y, ((n).p).y FROM ct ORDER BY id;
SELECT (c).* FROM ct ORDER BY id;
UPDATE ct SET c.x = 10 WHERE id = 1;
UPDATE ct SET c.x = 11, c.y = 'new' WHERE id = 3;
UPDATE ct SET n.p.y = 'deep' WHERE id = 1;
UPDATE ct SET c.z = 1;
UPDATE ct SET id.z = 1;
UPDATE ct SET c.x = 'a';
SELECT * FROM ct ORDER BY id;
SELECT id FROM ct WHERE c = ROW(2, 'b')::pair;
SELECT id FROM ct WHERE (c).x > 5 ORDER BY id;
SELECT ROW(1, 'a')::pair < ROW(1, 'b')::pair, ROW(1, 'a')::pair = ROW(1, 'a')::pair, '(2,a)'::pair > '(1,z)';
SELECT id FROM ct ORDER BY c DESC NULLS LAST, id;
SELECT c, count(*) FROM ct GROUP BY c ORDER BY c;
SELECT DISTINCT c FROM ct ORDER BY 1;
SELECT to_json(c), row_to_json(n) FROM ct WHERE id = 1;
SELECT array_agg(c ORDER BY id) FROM ct;
SELECT c IS NULL, c IS NOT NULL FROM ct ORDER BY id;
CREATE INDEX ON ct (c);
CREATE UNIQUE INDEX ON ct (id, c);
SELECT unnest(cs) FROM ct WHERE id = 1;
-- a table's row type
CREATE TABLE base (a int, b text);
INSERT INTO base VALUES (1, 'one'), (2, 'two');
CREATE TABLE holder (k int, r base);
INSERT INTO holder SELECT a, ROW(a, b)::base FROM base;
INSERT INTO holder VALUES (3, '(3,three)');
SELECT k, r, (r).b FROM holder ORDER BY k;
-- COPY
COPY (SELECT id, c FROM ct ORDER BY id) TO stdout;
COPY ct (id, c) FROM stdin;
9	(9,"x y")
\.
SELECT c FROM ct WHERE id = 9;
-- views keep names of fields
CREATE VIEW cv AS SELECT (c).x, (c).y AS why, ROW(id, 'k')::pair AS p, ((n).p).x AS deep FROM ct;
SELECT pg_get_viewdef('cv', true);
SELECT * FROM cv ORDER BY 1, 2 LIMIT 2;
DROP VIEW cv;
-- ALTER TYPE
CREATE TYPE free AS (a int);
ALTER TYPE free ADD ATTRIBUTE b text, ADD ATTRIBUTE c date;
SELECT '(1,x,2020-01-01)'::free;
ALTER TYPE free DROP ATTRIBUTE b;
SELECT '(1,2020-01-01)'::free, (ROW(1, '2020-01-01')::free).c;
ALTER TYPE free ALTER ATTRIBUTE a TYPE bigint;
ALTER TYPE free RENAME ATTRIBUTE a TO aa;
\d free
ALTER TYPE free DROP ATTRIBUTE nothing;
ALTER TYPE free DROP ATTRIBUTE IF EXISTS nothing;
ALTER TYPE free ADD ATTRIBUTE c int;
ALTER TYPE pair ADD ATTRIBUTE z int;
ALTER TYPE pair RENAME TO couple;
ALTER TABLE couple ADD COLUMN q int;
SELECT ROW(1, 'a')::couple;
\dT
\d ct
-- errors
CREATE TYPE couple AS (a int);
CREATE TYPE dup AS (a int, a int);
CREATE TYPE self AS (a self);
CREATE TYPE base AS (a int);
DROP TABLE couple;
DROP TYPE base;
DROP TYPE couple;
DROP TYPE couple CASCADE;
\d ct
DROP TYPE free;
-- a table whose rows are stored elsewhere
CREATE TABLE inner_t (a int, b text);
CREATE TABLE outer_t (id int, i inner_t);
INSERT INTO outer_t VALUES (1, ROW(1, 'x'));
ALTER TABLE inner_t ALTER a TYPE bigint;
ALTER TABLE inner_t ADD COLUMN c int;
SELECT (i).a, (i).b, (i).c FROM outer_t;
DROP TABLE outer_t, inner_t;
