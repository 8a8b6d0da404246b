-- enums: making, adding and renaming values, order, casts, arrays, functions, errors
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE person (name text, m mood DEFAULT 'ok', ms mood[]);
INSERT INTO person VALUES ('a', 'happy', '{sad,happy}'), ('b', 'sad', NULL), ('c', NULL, '{}');
INSERT INTO person (name) VALUES ('d');
SELECT * FROM person ORDER BY m, name;
SELECT * FROM person ORDER BY m DESC NULLS LAST, name;
SELECT name FROM person WHERE m > 'sad' ORDER BY name;
SELECT name FROM person WHERE m = 'ok';
SELECT name FROM person WHERE m IN ('ok', 'sad') ORDER BY 1;
SELECT name FROM person WHERE m = ANY ('{ok,happy}'::mood[]) ORDER BY 1;
SELECT m, count(*) FROM person GROUP BY m ORDER BY m;
SELECT min(m), max(m), array_agg(m ORDER BY m) FROM person;
SELECT DISTINCT m FROM person ORDER BY 1;
INSERT INTO person VALUES ('e', 'mad');
INSERT INTO person VALUES ('e', '{sad,mad}');
SELECT 'mad'::mood;
SELECT 'ok'::text::mood, 'ok'::mood::text, 'ok'::mood || 'x';
SELECT 'ok'::mood < 'happy', 'ok'::mood = 'ok'::mood, 'ok'::mood <> 'sad';
SELECT 'ok'::mood = 'ok'::text;
SELECT 1::mood;
SELECT pg_typeof('ok'::mood), pg_typeof('{ok}'::mood[]);
SELECT enum_first(NULL::mood), enum_last(NULL::mood), enum_range(NULL::mood);
SELECT enum_range('ok'::mood, NULL), enum_range(NULL, 'ok'::mood), enum_range('ok'::mood, 'happy'::mood);
SELECT ARRAY['ok', 'sad']::mood[], ARRAY['ok'::mood, 'sad'], ('{ok,sad}'::mood[])[2];
SELECT array_append('{ok}'::mood[], 'sad'), array_position('{ok,sad}'::mood[], 'sad'), array_length(ms, 1) FROM person WHERE name = 'a';
SELECT unnest('{ok,sad}'::mood[]) ORDER BY 1;
SELECT to_json('ok'::mood), row_to_json(p) FROM person p WHERE name = 'a';
SELECT CASE m WHEN 'sad' THEN ':(' WHEN 'ok' THEN ':|' ELSE ':)' END FROM person ORDER BY name;
SELECT coalesce(m, 'ok') FROM person ORDER BY name;
SELECT greatest('ok'::mood, 'sad'), least('ok', 'sad'::mood);
-- keys
CREATE INDEX ON person (m);
CREATE UNIQUE INDEX ON person (m, name);
INSERT INTO person VALUES ('a', 'happy');
SET enable_seqscan = off;
SELECT name FROM person WHERE m = 'happy';
SELECT name FROM person WHERE m >= 'ok' ORDER BY m, name;
RESET enable_seqscan;
CREATE TABLE pm (m mood PRIMARY KEY);
INSERT INTO pm VALUES ('sad'), ('ok');
CREATE TABLE pc (m mood REFERENCES pm);
INSERT INTO pc VALUES ('ok');
INSERT INTO pc VALUES ('happy');
SELECT * FROM pm JOIN pc USING (m);
-- ADD VALUE
ALTER TYPE mood ADD VALUE 'glad' BEFORE 'happy';
ALTER TYPE mood ADD VALUE 'bad' BEFORE 'sad';
ALTER TYPE mood ADD VALUE 'fine' AFTER 'ok';
ALTER TYPE mood ADD VALUE 'best';
ALTER TYPE mood ADD VALUE 'best';
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'best';
ALTER TYPE mood ADD VALUE 'x' AFTER 'nothing';
SELECT enumlabel, enumsortorder FROM pg_enum WHERE enumtypid = 'mood'::regtype ORDER BY 2;
SELECT enum_range(NULL::mood);
INSERT INTO person VALUES ('f', 'glad'), ('g', 'bad');
SELECT name, m FROM person ORDER BY m, name;
ALTER TYPE mood RENAME VALUE 'glad' TO 'cheerful';
ALTER TYPE mood RENAME VALUE 'glad' TO 'x';
ALTER TYPE mood RENAME VALUE 'ok' TO 'sad';
SELECT name, m FROM person WHERE m = 'cheerful';
-- in a transaction
BEGIN;
ALTER TYPE mood ADD VALUE 'new';
SELECT 'new'::mood;
ROLLBACK;
BEGIN;
ALTER TYPE mood ADD VALUE 'new';
SAVEPOINT a;
SELECT enum_range(NULL::mood);
ROLLBACK TO a;
COMMIT;
SELECT 'new'::mood;
BEGIN;
CREATE TYPE fresh AS ENUM ('a');
ALTER TYPE fresh ADD VALUE 'b';
SELECT 'b'::fresh;
ROLLBACK;
-- errors
CREATE TYPE mood AS ENUM ('a');
CREATE TYPE long AS ENUM ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
ALTER TYPE nothing ADD VALUE 'a';
ALTER TYPE int4 ADD VALUE 'a';
CREATE TYPE empty AS ENUM ();
SELECT 'a'::empty;
DROP TYPE empty;
-- prepared statements
PREPARE pp(mood) AS SELECT name FROM person WHERE m = $1;
EXECUTE pp('ok');
EXECUTE pp('mad');
-- views and defaults keep the value, not the label
CREATE VIEW pv AS SELECT name FROM person WHERE m = 'cheerful';
ALTER TYPE mood RENAME VALUE 'cheerful' TO 'glad';
SELECT pg_get_viewdef('pv', true);
SELECT * FROM pv;
\dT mood
\dT+ mood
\d person
-- dropping
DROP TYPE mood;
DROP TYPE mood CASCADE;
\d person
DROP TYPE mood;
DROP TYPE IF EXISTS mood;
CREATE SCHEMA es;
CREATE TYPE es.m2 AS ENUM ('x');
SELECT 'x'::es.m2;
SELECT 'y'::es.m2;
ALTER TYPE es.m2 RENAME TO m3;
ALTER TYPE es.m3 SET SCHEMA public;
SELECT 'x'::m3, '{x}'::m3[];
DROP TYPE m3;
