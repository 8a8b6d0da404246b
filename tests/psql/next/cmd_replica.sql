-- partitions, inheritance, foreign data, publications, subscriptions, event triggers, tablespaces
CREATE TABLE measured (id int, day date NOT NULL, v numeric) PARTITION BY RANGE (day);
CREATE TABLE measured_2023 PARTITION OF measured FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE measured_rest PARTITION OF measured DEFAULT;
CREATE INDEX measured_day ON measured (day);
CREATE TABLE listed (id int, kind text) PARTITION BY LIST (kind);
CREATE TABLE listed_ab PARTITION OF listed FOR VALUES IN ('a', 'b') PARTITION BY HASH (id);
CREATE TABLE listed_ab_0 PARTITION OF listed_ab FOR VALUES WITH (MODULUS 2, REMAINDER 0);
\d measured
\d+ measured
\d measured_2023
\d+ measured_2023
\d+ listed
\dP
\dP+ nosuch
\dPt
\dPi
\dPn
\dPin
CREATE TABLE parent (a int);
CREATE TABLE child (b int) INHERITS (parent);
\d parent
\d+ parent
\d child
CREATE FOREIGN DATA WRAPPER dummy OPTIONS (debug 'true');
CREATE SERVER far TYPE 'kind' VERSION '1' FOREIGN DATA WRAPPER dummy OPTIONS (host 'there');
CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'me');
CREATE FOREIGN TABLE remote (a int OPTIONS (name 'b')) SERVER far OPTIONS (schema 's');
\dew
\dew+
\des
\des+
\deu
\deu+
\det
\det+
\dE
\d remote
CREATE PUBLICATION pub FOR TABLE parent, measured WITH (publish = 'insert');
CREATE PUBLICATION pub_all FOR ALL TABLES;
\dRp
\dRp+
\dRp+ pub
\d parent
CREATE SUBSCRIPTION sub CONNECTION 'dbname=nosuch' PUBLICATION pub WITH (connect = false);
\dRs
\dRs+
ALTER SUBSCRIPTION sub SET (slot_name = NONE);
DROP SUBSCRIPTION sub;
CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER watching ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION on_ddl();
COMMENT ON EVENT TRIGGER watching IS 'watches';
\dy
\dy+
DROP EVENT TRIGGER watching;
DROP PUBLICATION pub, pub_all;
DROP FOREIGN DATA WRAPPER dummy CASCADE;
