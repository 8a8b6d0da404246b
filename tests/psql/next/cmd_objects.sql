-- a parameter in the second part of a UNION, aggregates of one's own, statistics of several columns, rules
CREATE TABLE base (id int PRIMARY KEY, a int, b int);
CREATE STATISTICS base_stat (dependencies, ndistinct) ON a, b FROM base;
COMMENT ON STATISTICS base_stat IS 'a and b';
\dX
\dX base*
\dX+
\d base
\d+ base
CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0');
COMMENT ON AGGREGATE total(int) IS 'a sum';
\da
\dfa
\df total
SELECT total(n) FROM generate_series(1, 4) n;
CREATE RULE no_delete AS ON DELETE TO base DO INSTEAD NOTHING;
\d base
CREATE FUNCTION union_body(a int) RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC SELECT a + 1 UNION ALL SELECT a + 2; END;
\sf union_body
