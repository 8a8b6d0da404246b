-- \d of tables, indexes, views, sequences
CREATE SCHEMA app;
CREATE TABLE parent (id serial PRIMARY KEY, name varchar(40) NOT NULL UNIQUE, "Mixed Case" int DEFAULT 5, price numeric(10,2) DEFAULT 1.5 CHECK (price > 0), note text DEFAULT 'it''s', made timestamptz DEFAULT now());
CREATE TABLE child (id bigint GENERATED ALWAYS AS IDENTITY, pid int REFERENCES parent ON DELETE CASCADE, kind char(3) NOT NULL, status varchar(10) DEFAULT 'new' CHECK (status IN ('new', 'old')), PRIMARY KEY (id), CONSTRAINT uq UNIQUE (pid, kind));
CREATE TABLE app.other (a int, b text, CONSTRAINT ck CHECK (a > 1 AND b <> ''));
CREATE INDEX child_pid ON child (pid DESC, kind);
CREATE INDEX ON app.other (b, a);
CREATE VIEW v AS SELECT p.id, p.name, c.kind FROM parent p JOIN child c ON c.pid = p.id WHERE p.price > 1;
CREATE SEQUENCE seq INCREMENT 5 MAXVALUE 1000 CYCLE;
COMMENT ON TABLE parent IS 'the parents';
COMMENT ON COLUMN parent.name IS 'their name';
COMMENT ON VIEW v IS 'a view';
COMMENT ON SCHEMA app IS 'app schema';
CREATE TABLE keyed (a int, b text, c int, UNIQUE (a, b) INCLUDE (c));
CREATE INDEX keyed_expr ON keyed (lower(b), (a + c) DESC) WHERE a > 0;
CREATE UNIQUE INDEX keyed_part ON keyed (b COLLATE "C" text_pattern_ops) WHERE b IS NOT NULL;
CREATE TABLE selfref (id int PRIMARY KEY, up int REFERENCES selfref ON UPDATE CASCADE ON DELETE SET NULL, "Odd Name" text, "select" int CHECK ("select" > 0));
CREATE TABLE "Quoted Table" (x int);
\d
\d parent
\d child
\d app.other
\d keyed
\d keyed_expr
\d keyed_part
\d selfref
\d "Quoted Table"
\d child_pid
\d parent_pkey
\d v
\d seq
\d parent_id_seq
\d child_id_seq
\d+ parent
\d+ child
\d+ keyed
\d+ v
\d+ child_pid
\d+ seq
\sv v
\d nothere
\d par*
SET search_path = app, public;
\d other
\d parent
RESET search_path;
\d other
ALTER TABLE parent RENAME COLUMN price TO cost;
ALTER TABLE parent RENAME TO forebear;
\d forebear
\d child
\d+ v
