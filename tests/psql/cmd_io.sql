-- files, variables, conditions, the operating system; every file is in a folder of its own
\set dir `mktemp -d`
\cd :dir
CREATE TABLE item (id int PRIMARY KEY, name text DEFAULT 'none', price numeric);
-- \copy, both ways and by program
\copy item FROM STDIN
1	one	1.5
2	\N	\N
3	tab\there	3
\.
\copy item TO 'item.txt'
\! cat item.txt
\copy (SELECT id, name FROM item ORDER BY id DESC) TO 'item.csv' WITH (FORMAT csv, HEADER, NULL 'nothing', FORCE_QUOTE (name))
\! cat item.csv
\copy item TO STDOUT WITH (FORMAT csv, DELIMITER ';')
\copy item (id, price) TO PROGRAM 'sort -r' CSV HEADER
\copy item (id, name) FROM PROGRAM 'printf "10,ten\n11,eleven\n"' WITH (FORMAT csv)
\copy item (id, name, price) FROM 'item.csv' WITH (FORMAT csv, HEADER)
\! printf '20\n21\n' > ids.txt
\copy item (id) FROM 'ids.txt'
\copy item (id) FROM 'ids.txt'
\copy item (id) FROM 'nosuch.txt'
\copy nosuch FROM 'ids.txt'
\copy item (nosuch) FROM 'ids.txt'
\copy item FROM
\! printf '30,a,b,c\n' > wrong.csv
\copy item FROM 'wrong.csv' CSV
\! printf '31,a,x\n' > wrong.csv
\copy item FROM 'wrong.csv' CSV
\copy item (id) FROM 'ids.txt' WHERE id > 20
\copy item FROM pstdin WITH (FORMAT csv, FREEZE off)
40,"forty ""x""",4.25
41,,
\.
SELECT * FROM item ORDER BY id;
COPY item (id, name) TO STDOUT;
COPY (SELECT 1, 'x') TO STDOUT (FORMAT csv) \g copied.csv
\! cat copied.csv
-- \w writes the buffer, \i and \ir read it, also one from the other
SELECT count(*) AS items, :'who' AS who FROM item
\w count.sql
\r
\! echo ';' >> count.sql
\set who me
\i count.sql
\! mkdir sub; printf '\\echo in the folder\nSELECT 1 AS relative;\n\\ir inner.sql\n' > sub/outer.sql; printf 'SELECT 2 AS inner;\nSELECT wrong;\nSELECT 3 AS after;\n' > sub/inner.sql
\ir sub/outer.sql
\i sub/outer.sql
\i nosuch.sql
\setenv PGHOST :HOST
\setenv PGUSER :USER
\! psql -X -d postgres -v ON_ERROR_STOP=1 -f sub/outer.sql; echo "exit code $?"
\! psql -X -d postgres -1 -f sub/outer.sql; echo "exit code $?"
\! psql -X -d postgres -At -c 'SELECT 1; SELECT 2' -c '\echo three' -c 'SELECT 4/0' -c 'SELECT 5'; echo "exit code $?"
\! psql -X -d nosuch -c 'SELECT 1'; echo "exit code $?"
\! psql -X -lqt | cut -d'|' -f1 | sort | tr -d '\n'
\! psql -X -d postgres --csv -v word=five -c '\echo :word' -f - < sub/outer.sql
SELECT 'still here';
SELECT 1
\w | tr a-z A-Z
\r
-- \o, \qecho, \warn, \echo
\o out.txt
SELECT 'into the file' AS a;
\qecho into the file, too
\echo to the terminal
\dt item
INSERT INTO item (id) VALUES (50);
\o
\! cat out.txt
\o | tr a-z A-Z
SELECT 'through a program' AS a;
\o
SELECT 'one query' AS a \g one.txt
\! cat one.txt
\echo -n no newline
\echo
\echo a   b 'c   d' "e  f"
\warn to standard error
\warn -n without newline
\echo
-- variables
\set name 'O''Reilly'
\set column id
\set list one two 'three four'
\echo :name :'name' :"column" :list
SELECT :'name' AS quoted, :"column" FROM item WHERE :column = 1;
SELECT ':name', $$:name$$, :{?name} AS known, :{?unknown} AS unknown;
SELECT :unknown;
\unset name
\echo :name
\set n `expr 3 + 4`
\echo :n
SELECT array[1, 2, 3][:n - 5:3], item.id::text FROM item WHERE id = 1;
\set AUTOCOMMIT perhaps
\set FETCH_COUNT many
\set ON_ERROR_ROLLBACK sometimes
\set VERBOSITY loud
\set ECHO nothing
\set bad-name 1
\unset ENCODING
\getenv home NOSUCHVARIABLE
\echo :{?home}
\setenv GUIDE_WORD word
\getenv word GUIDE_WORD
\echo :word
\! echo $GUIDE_WORD
\setenv GUIDE_WORD
\! echo "[$GUIDE_WORD]"
\setenv A=B c
-- conditions
\if true
\echo yes
SELECT 'yes';
\elif true
\echo no
SELECT 'no';
\else
\echo no
\endif
SELECT count(*) > 3 AS many FROM item \gset
\if :many
\echo many
\if :{?nosuch}
\echo no
\elif no
\echo no
\else
\echo inner else
\endif
\else
SELECT 'not run' \gset no_
\endif
\if maybe
\echo neither
\endif
\else
\endif
\elif true
SELECT 1 AS a,
\if false
 2 AS b,
\else
 3 AS c
\endif
;
\if true
\echo no end
\endif
-- not commands
\nosuch
\d;
\! exit 3
\cd /nosuch
\! rm -r "$PWD"
\cd
