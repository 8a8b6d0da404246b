-- lists of objects
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
\dt
\dt par*
\dt *.parent
\dt app.*
\di
\ds
\dv
\dm
\dn
\dn+
\du
\du+
\df
\df app.*
\dT
\dT+ int4
\dp
\dp parent
\dD
\dc
\do ~~
\da max
\dA
\dA+
\dF
\dL
\db
\des
\dew
\det
\dRp
\dRs
\dO C
\dP
\ddp
\drds
\dy
\dd
\dX
\dC int4
\df+ upper
\df substring
\df json_object_keys
\df percentile_cont
\dt pg_catalog.pg_cl*
\d pg_class
\d pg_catalog.pg_type_oid_index
COMMENT ON TABLE parent IS NULL;
COMMENT ON INDEX child_pid IS 'an index';
COMMENT ON SEQUENCE seq IS 'a sequence';
COMMENT ON CONSTRAINT uq ON child IS 'a constraint';
\dd
SELECT obj_description('child_pid'::regclass, 'pg_class'), obj_description('parent'::regclass), col_description('parent'::regclass, 2), obj_description('seq'::regclass, 'pg_class');
