-- extensions, statistics of several columns, rules
CREATE TABLE base (id int PRIMARY KEY, a int, b int);
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
