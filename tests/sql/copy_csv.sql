-- COPY in CSV format, both directions
CREATE TABLE c (id int, name text, note text, n numeric);
COPY c FROM STDIN WITH (FORMAT csv);
1,plain,text,1.5
2,"quoted, comma","with ""quotes""",2
3,,"",3
4,"multi
line",x,
5," spaced ", y ,5
\.
SELECT id, replace(name, chr(10), '<NL>') AS name, note, note = '' AS empty, n FROM c ORDER BY id;
COPY c TO STDOUT WITH (FORMAT csv);
COPY c TO STDOUT CSV HEADER;
COPY c (id, name) TO STDOUT WITH (FORMAT csv, DELIMITER ';', HEADER);
COPY c (id, note) TO STDOUT WITH (FORMAT csv, NULL 'NULL');
COPY c (id, name) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE (name));
COPY c TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *);
COPY c (id, name) TO STDOUT WITH (FORMAT csv, QUOTE '''', FORCE_QUOTE *);
COPY c FROM STDIN WITH (FORMAT csv, HEADER);
id,name,note,n
10,header,skipped,1
\.
COPY c FROM STDIN WITH (FORMAT csv, HEADER match);
id,name,note,n
11,match,ok,1
\.
COPY c FROM STDIN WITH (FORMAT csv, HEADER match);
id,wrong,note,n
12,match,ok,1
\.
COPY c (id, name) FROM STDIN WITH (FORMAT csv, DELIMITER '|', QUOTE '''', ESCAPE '\');
20|'it\'s'
21|'a|b'
\.
COPY c (id, name) FROM STDIN WITH (FORMAT csv, NULL 'nil');
30,nil
31,"nil"
32,
\.
COPY c (id, name) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (name));
33,
\.
COPY c (id, name) FROM STDIN WITH (FORMAT csv, FORCE_NULL (name));
34,""
\.
SELECT id, name, name IS NULL AS isnull, note FROM c WHERE id >= 10 ORDER BY id;
COPY c FROM STDIN WITH (FORMAT csv);
40,"unterminated,x,1
\.
COPY c FROM STDIN WITH (FORMAT csv);
40,a,b
\.
COPY c FROM STDIN WITH (FORMAT csv);
40,a,b,1,2
\.
COPY c FROM STDIN WITH (FORMAT csv);
x,a,b,1
\.
COPY c FROM STDIN WITH (FORMAT csv);
"",a,b,1
\.
COPY c TO STDOUT WITH (FORMAT csv, QUOTE 'ab');
COPY c TO STDOUT WITH (QUOTE '"');
COPY c TO STDOUT WITH (FORMAT csv, DELIMITER '"');
COPY (SELECT true, date '2024-02-29', timestamp '2024-02-29 10:00', 1.50, null, 'a,b', '\.', ' ') TO STDOUT WITH (FORMAT csv);
COPY (SELECT 'x' AS "Col A", 'y' AS "b,c") TO STDOUT WITH (FORMAT csv, HEADER);
SELECT count(*) FROM c;
