-- Several databases in one file: made from a template, apart from each other, dropped.
SELECT datname, datistemplate, datallowconn, datconnlimit, pg_encoding_to_char(encoding), datcollate, datctype
FROM pg_database ORDER BY 1;
CREATE SCHEMA s;
CREATE TABLE parent (id serial PRIMARY KEY, name text UNIQUE, made date DEFAULT '2024-01-02');
CREATE TABLE s.child (id int GENERATED ALWAYS AS IDENTITY, parent int REFERENCES parent ON DELETE CASCADE,
    size int CHECK (size > 0), gone text, note text);
ALTER TABLE s.child DROP COLUMN gone;
CREATE INDEX ON s.child (lower(note)) WHERE size > 5;
CREATE VIEW s.both AS SELECT p.name, c.note FROM parent p JOIN s.child c ON c.parent = p.id;
COMMENT ON TABLE parent IS 'the parents';
INSERT INTO parent(name) VALUES ('a'), ('b');
INSERT INTO s.child(parent, size, note) SELECT 1, i, repeat('N', i) FROM generate_series(1, 2000) i;
CREATE DATABASE copy TEMPLATE postgres;
\c copy
SELECT current_database(), current_catalog;
SELECT * FROM parent ORDER BY 1;
SELECT count(*), sum(length(note)), min(size), max(size) FROM s.child;
SELECT count(*) FROM s.child WHERE lower(note) = repeat('n', 77) AND size > 5;
SELECT count(*) FROM s.both;
\d parent
\d s.child
\dt s.*
SELECT obj_description('parent'::regclass);
INSERT INTO parent(name) VALUES ('c') RETURNING *;
INSERT INTO parent(name) VALUES ('a');
INSERT INTO s.child(parent, size) VALUES (9, 1);
INSERT INTO s.child(parent, size) VALUES (1, 0);
DELETE FROM parent WHERE id = 1;
SELECT count(*) FROM s.child;
DROP TABLE parent CASCADE;
SELECT * FROM copy.s.child;
SELECT * FROM postgres.s.child;
\c postgres
SELECT * FROM parent ORDER BY 1;
SELECT count(*) FROM s.child;
INSERT INTO parent(name) VALUES ('d') RETURNING id;
-- what is refused
CREATE DATABASE copy;
CREATE DATABASE other TEMPLATE nosuch;
CREATE DATABASE other OWNER nosuch;
CREATE DATABASE other ENCODING 'nosuch';
CREATE DATABASE other ENCODING 'LATIN1';
CREATE DATABASE other CONNECTION LIMIT -2;
CREATE DATABASE other TABLESPACE nosuch;
CREATE DATABASE other STRATEGY nosuch;
CREATE DATABASE other nosuch 1;
CREATE DATABASE other OWNER postgres OWNER postgres;
CREATE DATABASE other IS_TEMPLATE maybe;
BEGIN;
CREATE DATABASE other;
ROLLBACK;
BEGIN;
DROP DATABASE copy;
ROLLBACK;
DROP DATABASE postgres;
DROP DATABASE template1;
DROP DATABASE nosuch;
DROP DATABASE IF EXISTS nosuch;
DROP DATABASE copy (nosuch);
ALTER DATABASE nosuch CONNECTION LIMIT 1;
ALTER DATABASE postgres RENAME TO other;
ALTER DATABASE copy RENAME TO template1;
ALTER DATABASE nosuch RENAME TO other;
ALTER DATABASE postgres ALLOW_CONNECTIONS false;
-- altered
CREATE DATABASE other ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' CONNECTION LIMIT 5 IS_TEMPLATE true
    OWNER postgres TABLESPACE pg_default STRATEGY wal_log TEMPLATE template0;
SELECT datname, datistemplate, datallowconn, datconnlimit FROM pg_database WHERE datname = 'other';
DROP DATABASE other;
ALTER DATABASE other IS_TEMPLATE false CONNECTION LIMIT -1;
ALTER DATABASE other RENAME TO renamed;
ALTER DATABASE renamed OWNER TO postgres;
ALTER DATABASE renamed REFRESH COLLATION VERSION;
COMMENT ON DATABASE renamed IS 'a comment';
SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'renamed';
COMMENT ON DATABASE renamed IS NULL;
SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'renamed';
ALTER DATABASE renamed SET work_mem = '5MB';
ALTER DATABASE renamed SET search_path TO s, public, "Mixed";
ALTER DATABASE renamed SET nosuch = 1;
ALTER DATABASE renamed SET work_mem = 'nosuch';
ALTER DATABASE renamed SET DateStyle = 'German';
ALTER DATABASE renamed RESET DateStyle;
SELECT setconfig FROM pg_db_role_setting;
\c renamed
SHOW work_mem;
SHOW search_path;
SET work_mem = '7MB';
RESET work_mem;
SHOW work_mem;
\c postgres
ALTER DATABASE renamed RESET ALL;
SELECT count(*) FROM pg_db_role_setting;
-- a template of one's own
\c template1
CREATE TABLE standard (a int);
INSERT INTO standard VALUES (42);
\c postgres
CREATE DATABASE from_template;
\c from_template
SELECT * FROM standard;
\c postgres
DROP DATABASE from_template WITH (FORCE);
DROP DATABASE renamed;
DROP DATABASE copy;
SELECT datname FROM pg_database ORDER BY 1;
SELECT count(*) FROM parent;
\c template1
DROP TABLE standard;
