-- COPY in text format, both directions, with its escapes and errors
CREATE TABLE t (id int PRIMARY KEY, v text, n numeric, b bool);
COPY t FROM STDIN;
1	one	1.5	t
2	two words	\N	f
3	tab\there	0	\N
4	new\nline	-1	true
5	back\\slash	2	false
6		3	t
7	\x41\102	4	t
8	carriage\rreturn	5	t
\.
SELECT id, replace(replace(replace(v, chr(9), '<TAB>'), chr(10), '<NL>'), chr(13), '<CR>') AS v, n, b FROM t ORDER BY id;
COPY t TO STDOUT;
COPY t (id, v) TO STDOUT;
COPY (SELECT id, n FROM t WHERE id < 4 ORDER BY id DESC) TO STDOUT;
COPY t (id) FROM STDIN;
20
21
\.
COPY t (v, id) FROM STDIN WITH (DELIMITER '|', NULL 'nil');
pipe|30
nil|31
a\|b|32
\.
SELECT * FROM t WHERE id >= 20 ORDER BY id;
COPY t TO STDOUT WITH (DELIMITER ',', NULL '?');
COPY t FROM STDIN;
40	x	1	t
1	dup	1	t
\.
COPY t FROM STDIN;
50	only two
\.
COPY t FROM STDIN;
50	a	1	t	extra
\.
COPY t FROM STDIN;
abc	a	1	t
\.
COPY t FROM STDIN;
50	a	x	t
\.
COPY t FROM STDIN;
50	a	1	maybe
\.
COPY t FROM STDIN;
\N	a	1	t
\.
SELECT count(*) FROM t;
COPY t FROM STDIN;
\.
COPY nosuch TO STDOUT;
COPY t TO STDOUT (FORMAT nosuch);
COPY t TO STDOUT (DELIMITER 'ab');
COPY t (id, id) TO STDOUT;
COPY (SELECT 1, 'a', null, 1.50, true, date '2024-01-01', E'x\ty') TO STDOUT;
COPY (VALUES (1, 'a'), (2, 'b')) TO STDOUT;
COPY (DELETE FROM t WHERE id = 20 RETURNING id) TO STDOUT;
BEGIN;
COPY t (id) FROM STDIN;
60
61
\.
SELECT count(*) FROM t WHERE id >= 60;
ROLLBACK;
SELECT count(*) FROM t WHERE id >= 60;
CREATE TABLE d (a int DEFAULT 7, b text DEFAULT 'dflt', c serial, CHECK (a > 0));
COPY d (b) FROM STDIN;
x
y
\.
SELECT * FROM d ORDER BY c;
COPY d (a) FROM STDIN;
1
-1
\.
SELECT count(*) FROM d;
COPY d FROM STDIN (HEADER);
a	b	c
5	five	50
\.
SELECT * FROM d WHERE a = 5;
COPY d TO STDOUT (HEADER true);
COPY t (id, v) FROM STDIN WITH NULL '';
70	
71	x
\.
SELECT id, v IS NULL FROM t WHERE id >= 70 ORDER BY id;
