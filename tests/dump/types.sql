-- types of users and columns of them
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN code AS varchar(5) COLLATE "C" NOT NULL DEFAULT 'none' CONSTRAINT lower_only CHECK (VALUE = lower(VALUE));
CREATE TYPE pair AS (x int, y text, m mood);
CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TABLE t (m mood DEFAULT 'ok', ms mood[], p posint, c code, pr pair, prs pair[], r floatrange, mr floatmultirange, i4 int4range, net inet, ci cidr, mac macaddr, b bit(3), vb varbit, mo money, EXCLUDE USING gist (i4 WITH &&));
INSERT INTO t VALUES ('sad', '{ok,happy}', 1, 'x', '(1,a,ok)', '{"(2,b,sad)"}', '[1,2)', '{[1,2)}', '[1,5)', '10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03', B'101', B'1', 12.5);
CREATE INDEX ON t (m, p);
CREATE VIEW v AS SELECT (pr).x, m::text AS mt, p FROM t WHERE m > 'sad';
COMMENT ON TYPE mood IS 'how one feels';
COMMENT ON DOMAIN posint IS 'positive';
