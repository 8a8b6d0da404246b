-- materialized views, temporary tables, generated columns, rules, extensions, statistics of several columns
CREATE TABLE base (id int PRIMARY KEY, a int, b int, twice int GENERATED ALWAYS AS (a * 2) STORED, name varchar(20) STORAGE MAIN);
INSERT INTO base (id, a, b) SELECT n, n % 5, n % 3 FROM generate_series(1, 20) n;
\d base
\d+ base
CREATE MATERIALIZED VIEW summary AS SELECT a, count(*) AS n FROM base GROUP BY a;
CREATE UNIQUE INDEX summary_a ON summary (a);
COMMENT ON MATERIALIZED VIEW summary IS 'sums';
\dm
\dm s*
\d summary
\d+ summary
\dtvm
\sv summary
SELECT * FROM summary ORDER BY 1;
REFRESH MATERIALIZED VIEW CONCURRENTLY summary;
CREATE TEMP TABLE scratch (a int, b text);
CREATE TEMP VIEW scratch_view AS SELECT 1 AS x;
CREATE TEMP SEQUENCE scratch_seq;
SELECT format('alter schema %I rename to x', 'a b') \gexec
\dt pg_temp.*
\d pg_temp.scratch
CREATE VIEW easy AS SELECT id, a FROM base WHERE a > 1 WITH CASCADED CHECK OPTION;
CREATE VIEW guarded WITH (security_barrier) AS SELECT id FROM base WITH LOCAL CHECK OPTION;
\d+ easy
\d+ guarded
\sv guarded
INSERT INTO easy VALUES (100, 0);
INSERT INTO easy VALUES (100, 9);
SELECT * FROM easy WHERE id = 100;
CREATE STATISTICS base_stat (dependencies, ndistinct) ON a, b FROM base;
COMMENT ON STATISTICS base_stat IS 'a and b';
\dX
\dX base*
\dX+
\d base
\d+ base
CREATE EXTENSION citext;
\dx
\dx cit*
\dx+ citext
CREATE TABLE people (email citext PRIMARY KEY);
\d people
DROP EXTENSION citext;
DROP TABLE people;
DROP EXTENSION citext;
CREATE RULE no_delete AS ON DELETE TO base DO INSTEAD NOTHING;
\d base
