-- materialized views, temporary tables, generated columns, views that rows go through
CREATE TABLE base (id int PRIMARY KEY, a int, b int, twice int GENERATED ALWAYS AS (a * 2) STORED);
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
