-- domains: checks wherever a value comes into being, defaults, ALTER DOMAIN
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN code AS varchar(5) NOT NULL DEFAULT 'none' CONSTRAINT lower_only CHECK (VALUE = lower(VALUE));
CREATE DOMAIN small AS posint CHECK (VALUE < 10);
SELECT 5::posint, '7'::posint, NULL::posint;
SELECT 0::posint;
SELECT '-1'::posint;
SELECT 20::small;
SELECT 0::small;
SELECT 'ABC'::code;
SELECT 'toolong'::code;
SELECT NULL::code;
SELECT 5::posint + 1, pg_typeof(5::posint), pg_typeof(5::posint + 1);
CREATE TABLE dt (a posint, b code, c small DEFAULT 3);
INSERT INTO dt (a) VALUES (1);
SELECT * FROM dt;
INSERT INTO dt VALUES (0, 'x', 1);
INSERT INTO dt VALUES (1, NULL, 1);
INSERT INTO dt VALUES (1, 'X', 1);
INSERT INTO dt VALUES (1, 'x', 11);
INSERT INTO dt SELECT g, 'y', g FROM generate_series(2, 4) g;
INSERT INTO dt SELECT g, 'y', g FROM generate_series(8, 12) g;
UPDATE dt SET a = a - 2;
UPDATE dt SET b = NULL;
SELECT * FROM dt WHERE a > 2 AND c < 4 ORDER BY a;
SELECT a, count(*) FROM dt GROUP BY a ORDER BY a;
SELECT max(a), sum(a), pg_typeof(max(a)) FROM dt;
SELECT d1.a FROM dt d1 JOIN dt d2 ON d1.a = d2.c ORDER BY 1;
CREATE INDEX ON dt (a);
COPY dt FROM stdin;
7	z	5
\.
COPY dt FROM stdin;
0	z	5
\.
COPY dt FROM stdin;
1	\N	5
\.
SELECT * FROM dt WHERE b = 'z';
-- parameters
PREPARE dp(posint) AS SELECT $1;
EXECUTE dp(3);
EXECUTE dp(-3);
-- arrays
CREATE DOMAIN ints AS int[] CHECK (array_length(VALUE, 1) < 3);
SELECT '{1,2}'::ints, ('{1,2}'::ints)[2], ARRAY[1, 2]::ints;
SELECT '{1,2,3}'::ints;
SELECT '{1,2}'::posint[], ARRAY[1, 2]::posint[];
SELECT '{1,0}'::posint[];
SELECT ARRAY[1, 0]::posint[];
CREATE TABLE da (x posint[], y ints);
INSERT INTO da VALUES ('{1}', '{1}');
INSERT INTO da VALUES ('{0}', '{1}');
INSERT INTO da VALUES ('{1}', '{1,2,3}');
UPDATE da SET x[2] = 5;
UPDATE da SET x[2] = 0;
SELECT * FROM da;
-- ALTER DOMAIN
ALTER DOMAIN posint ADD CONSTRAINT below CHECK (VALUE < 100);
SELECT 200::posint;
INSERT INTO dt VALUES (200, 'q', 1);
ALTER DOMAIN posint DROP CONSTRAINT below;
INSERT INTO dt VALUES (200, 'q', 1);
ALTER DOMAIN posint ADD CONSTRAINT below CHECK (VALUE < 100);
ALTER DOMAIN posint ADD CONSTRAINT below CHECK (VALUE < 100) NOT VALID;
ALTER DOMAIN posint VALIDATE CONSTRAINT below;
DELETE FROM dt WHERE a = 200;
ALTER DOMAIN posint VALIDATE CONSTRAINT below;
ALTER DOMAIN posint DROP CONSTRAINT nothing;
ALTER DOMAIN posint DROP CONSTRAINT IF EXISTS nothing;
ALTER DOMAIN posint RENAME CONSTRAINT below TO under;
SELECT 200::posint;
ALTER DOMAIN posint SET NOT NULL;
INSERT INTO dt (a) VALUES (NULL);
ALTER DOMAIN posint DROP NOT NULL;
ALTER DOMAIN posint SET DEFAULT 42;
CREATE TABLE dd (a posint, b int);
INSERT INTO dd (b) VALUES (1);
SELECT * FROM dd;
ALTER DOMAIN posint DROP DEFAULT;
INSERT INTO dd (b) VALUES (2);
SELECT * FROM dd;
ALTER DOMAIN posint RENAME TO positive;
\dD
SELECT conname, pg_get_constraintdef(oid, true), pg_get_constraintdef(oid) FROM pg_constraint WHERE contypid <> 0 AND oid >= 16384 ORDER BY 1;
CREATE VIEW dv AS SELECT a::small AS s, b::text AS t FROM dt;
SELECT pg_get_viewdef('dv', true);
-- errors
CREATE DOMAIN positive AS int;
CREATE DOMAIN bad AS int CHECK (VALUE > 'x');
CREATE DOMAIN bad AS int CHECK (other > 1);
CREATE DOMAIN bad AS int NULL NOT NULL;
CREATE DOMAIN bad AS int UNIQUE;
CREATE DOMAIN bad AS int DEFAULT 1 DEFAULT 2;
CREATE DOMAIN bad AS nothing;
ALTER DOMAIN int4 SET NOT NULL;
ALTER DOMAIN nothing SET NOT NULL;
DROP DOMAIN nothing;
DROP VIEW dv;
DROP DOMAIN positive;
DROP DOMAIN positive CASCADE;
DROP DOMAIN IF EXISTS positive;
\d dt
