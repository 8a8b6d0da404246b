-- commands that run the query buffer: \g \gx \gexec \gset \gdesc \crosstabview \watch \errverbose, and those of the buffer itself
CREATE TABLE sales (region text, quarter text, amount numeric(8,2));
INSERT INTO sales VALUES ('north', 'q1', 10), ('north', 'q2', 12.5), ('south', 'q1', 7), ('south', 'q3', NULL), ('east', 'q2', 3);
SELECT * FROM sales ORDER BY 1, 2 \g
SELECT region, sum(amount) FROM sales GROUP BY 1 ORDER BY 1 \g (format=unaligned tuples_only=on)
SELECT region, sum(amount) FROM sales GROUP BY 1 ORDER BY 1 \g (format=csv null=nothing) | sort -r
SELECT count(*) FROM sales \gx
SELECT * FROM sales WHERE amount > 8 ORDER BY amount \gx (title='larger than eight' footer=off)
-- the last query again
\g
\gx
-- \gset
SELECT count(*) AS n, max(amount) AS most, NULL AS nothing FROM sales \gset
\echo :n :most :{?nothing} :{?n}
SELECT min(amount) AS least FROM sales \gset sales_
\echo :sales_least
SELECT 1 AS a UNION ALL SELECT 2 \gset
SELECT 1 AS a WHERE false \gset
SELECT 1 AS "bad name" \gset
SELECT region FROM nowhere \gset
\echo :SQLSTATE :ROW_COUNT :ERROR :LAST_ERROR_SQLSTATE :LAST_ERROR_MESSAGE
-- \gexec: each value is a statement
SELECT format('SELECT %L AS word, %s AS number', w, n) FROM (VALUES ('one', 1), ('it''s', 2)) v (w, n) \gexec
SELECT 'CREATE TABLE made_' || n || ' (a int)', NULL, 'SELECT count(*) FROM made_' || n FROM generate_series(1, 3) n \gexec
SELECT 'SELECT 1/0', 'SELECT 2 AS after' \gexec
\dt made_*
-- \gdesc: columns and types, nothing is executed
SELECT 1 AS i, 2.5 AS n, 'x' AS t, now() AS ts, '{1}'::int[] AS a, NULL, true, 'ab'::varchar(7), 1.5::numeric(6,3), 'x'::"char", interval '1 day' AS "Mixed Name" \gdesc
SELECT * FROM sales \gdesc
SELECT FROM sales \gdesc
SELECT wrong FROM sales \gdesc
INSERT INTO sales VALUES ('west', 'q4', 1) RETURNING region, amount \gdesc
SELECT $1 + 1 AS free, $2 || 'x' AS text \gdesc
CREATE TABLE never (a int) \gdesc
SELECT count(*) FROM sales;
-- \crosstabview
SELECT region, quarter, amount FROM sales ORDER BY 1, 2 \crosstabview
SELECT region, quarter, amount FROM sales \crosstabview quarter region amount
SELECT region, quarter, amount, ascii(quarter) + length(quarter) AS o FROM sales ORDER BY 1 \crosstabview region quarter amount o
SELECT region, quarter, amount FROM sales \crosstabview 1 2 3
SELECT region, quarter FROM sales \crosstabview
SELECT region, quarter, amount FROM sales UNION ALL SELECT 'north', 'q1', 0 \crosstabview
SELECT region, quarter, amount FROM sales \crosstabview region region amount
SELECT region, quarter, amount FROM sales \crosstabview nothere quarter amount
SELECT 1 WHERE false \crosstabview
-- \watch ends with the first error
CREATE SEQUENCE rounds;
SELECT 6 / (3 - nextval('rounds')) AS left \watch 0.01
SELECT last_value FROM rounds \; SELECT 6 / (6 - nextval('rounds')) AS left \watch 0.01
SELECT last_value FROM rounds;
-- \errverbose: severity, code, position, and the names of things
SELECT nothing FROM sales;
\errverbose
ALTER TABLE sales ADD CONSTRAINT positive CHECK (amount > 0);
INSERT INTO sales VALUES ('west', 'q4', -1);
\set VERBOSITY terse
INSERT INTO sales VALUES ('west', 'q4', -1);
\set VERBOSITY sqlstate
INSERT INTO sales VALUES ('west', 'q4', -1);
\set VERBOSITY default
\set SHOW_CONTEXT always
INSERT INTO sales VALUES ('west', 'q4', -1);
\set VERBOSITY verbose
\errverbose
SELECT 1;
\errverbose
-- the query buffer
SELECT 'first'
\p
, 'second'
\p
\r
\p
SELECT 1 AS a \; SELECT 2 AS b, 3 AS c \; SELECT 'last';
\set SHOW_ALL_RESULTS off
SELECT 1 AS a \; SELECT 2 AS b, 3 AS c \; SELECT 'last';
\set SHOW_ALL_RESULTS on
BEGIN \; INSERT INTO sales VALUES ('west', 'q4', 5) \; SELECT 1/0 \; COMMIT;
SELECT count(*) FROM sales;
ROLLBACK;
SELECT count(*) FROM sales;
-- rows at a time
\set FETCH_COUNT 2
SELECT n, n * n FROM generate_series(1, 5) n;
SELECT 10 / (3 - n) FROM generate_series(1, 5) n;
SELECT n FROM generate_series(1, 3) n \gx
\set FETCH_COUNT 0
-- a single step each, and an error that rolls back to before its statement only
\set ON_ERROR_ROLLBACK on
BEGIN;
INSERT INTO sales VALUES ('west', 'q1', 1);
INSERT INTO sales VALUES ('west', 'q1', -1);
SELECT count(*) FROM sales;
SAVEPOINT s;
INSERT INTO sales VALUES ('west', 'q1', 2);
ROLLBACK TO s;
COMMIT;
\set ON_ERROR_ROLLBACK off
SELECT count(*) FROM sales;
\set AUTOCOMMIT off
INSERT INTO sales VALUES ('west', 'q2', 2);
ROLLBACK;
SELECT count(*) FROM sales;
COMMIT;
\set AUTOCOMMIT on
\set ECHO_HIDDEN on
\dt sales
\set ECHO_HIDDEN noexec
\dn
\set ECHO_HIDDEN off
\set SINGLELINE on
SELECT 'one line'
\set SINGLELINE off
\timing on
SELECT 1;
\timing off
\timing
\timing
SELECT 2;
