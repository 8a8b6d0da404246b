-- COPY: every option's argument, options together, headers, lines of errors
CREATE TABLE c (id int, name text, note text);
COPY c TO STDOUT (FORMAT csv, HEADER match);
COPY c TO STDOUT (HEADER match);
COPY c FROM STDIN (HEADER match, FORMAT binary);
\.
COPY c FROM STDIN (FORMAT csv, FORCE_QUOTE (name));
\.
COPY c FROM STDIN (FORCE_NULL (name));
\.
COPY c TO STDOUT (FORCE_QUOTE (name));
COPY c TO STDOUT (FORMAT csv, FORCE_NULL (name));
COPY c TO STDOUT (FORMAT csv, FORCE_NOT_NULL (name));
COPY c TO STDOUT (FORMAT csv, FORCE_QUOTE (nosuch));
COPY c (id) TO STDOUT (FORMAT csv, FORCE_QUOTE (name));
COPY c (id) FROM STDIN (FORMAT csv, FORCE_NOT_NULL (name));
\.
COPY c (id) FROM STDIN (FORMAT csv, FORCE_NULL (name));
\.
COPY c (id) FROM STDIN (FORMAT csv, FORCE_NULL (nosuch));
\.
COPY c (id) FROM STDIN (FORMAT csv, FORCE_NULL (id, id));
\.
COPY c FROM STDIN (FORMAT csv, FORCE_NULL *);
\.
COPY c FROM STDIN (FORMAT csv, FORCE_NULL name);
\.
COPY c TO STDOUT (FORMAT csv, FORCE_QUOTE name);
COPY c TO STDOUT (FORMAT csv, FORCE_QUOTE);
COPY (SELECT 1 AS a, 'b' AS b) TO STDOUT (FORMAT csv, FORCE_QUOTE (b));
COPY (SELECT 1 AS a, 'b' AS b) TO STDOUT (FORMAT csv, FORCE_QUOTE (z));
COPY (SELECT 1 AS a, 'b' AS b) TO STDOUT CSV FORCE QUOTE a;
COPY c TO STDOUT (DELIMITER 'a');
COPY c TO STDOUT (DELIMITER '.');
COPY c TO STDOUT (DELIMITER E'\n');
COPY c TO STDOUT (DELIMITER 'ab');
COPY c TO STDOUT (DELIMITER '');
COPY c TO STDOUT (DELIMITER 'é');
COPY c TO STDOUT (DELIMITER 1);
COPY c TO STDOUT (DELIMITER);
COPY c TO STDOUT (NULL E'a\nb');
COPY c TO STDOUT (DELIMITER ',', NULL 'a,b');
COPY c TO STDOUT (FORMAT csv, NULL 'a"b');
COPY c TO STDOUT (FORMAT csv, NULL 'a"b', QUOTE 'x');
COPY c TO STDOUT (ESCAPE 'a');
COPY c TO STDOUT (FORMAT csv, ESCAPE 'ab');
COPY c TO STDOUT (FORMAT csv, QUOTE '');
COPY c TO STDOUT (QUOTE 'ab', DELIMITER 'ab');
COPY c TO STDOUT (nosuch);
COPY c TO STDOUT (nosuch 5, FORMAT foo);
COPY c TO STDOUT (FORMAT csv, FORMAT csv);
COPY c TO STDOUT (HEADER foo);
COPY c TO STDOUT (HEADER 2);
COPY c TO STDOUT (HEADER 1);
COPY c TO STDOUT (FREEZE);
COPY c TO STDOUT (FREEZE foo);
COPY c TO STDOUT (ENCODING 'nosuch');
COPY c TO STDOUT (ENCODING 5);
COPY c TO STDOUT (ENCODING 'UTF8');
COPY nosuch TO STDOUT (nosuch);
COPY nosuch FROM STDIN (nosuch);
\.
COPY c (nosuch) TO STDOUT (nosuch);
COPY c (nosuch) FROM STDIN (nosuch);
\.
COPY c (id, id) FROM STDIN;
\.
COPY c (id, id) TO STDOUT;
COPY (SELECT nosuch) TO STDOUT (nosuch);
COPY c TO STDOUT (FORMAT binary, DELIMITER ',');
COPY c TO STDOUT (FORMAT binary, NULL ',');
COPY c TO STDOUT (FORMAT binary, HEADER);
COPY c TO STDOUT (FORMAT binary, QUOTE ',');
COPY c FROM STDIN (FORMAT csv, HEADER match);
id,name
\.
COPY c FROM STDIN (FORMAT csv, HEADER match);
id,,note
\.
COPY c FROM STDIN (FORMAT csv, HEADER match);
id,name,note,x
\.
COPY c FROM STDIN (HEADER match);
id	name	note
1	a	b
\.
COPY c FROM STDIN (HEADER match);
id	\N	note
\.
COPY c FROM STDIN (FORMAT csv);
1,"a
b",c
2,"x

y",z
x,1,2
\.
COPY c FROM STDIN (FORMAT csv);
1,a,b
"x
y",1,2
\.
COPY c FROM STDIN (FORMAT csv);
1,a,b
2,"abc
def,3
\.
COPY c FROM STDIN (FORMAT csv, FORCE_NULL (note, name), FORCE_NOT_NULL (note), NULL 'n');
7,"n","n"
8,n,n
9,"",""
\.
SELECT id, replace(name, chr(10), '<NL>'), note, name IS NULL, note IS NULL FROM c ORDER BY id;
COPY c TO STDOUT (FORMAT csv, FORCE_QUOTE (id, note), HEADER);
COPY c (note, id) TO STDOUT (FORMAT csv, FORCE_QUOTE (note));
