-- array types: literals, output, columns, malformed input
SELECT '{1,2,3}'::int[], '{}'::int[], '{NULL,1,null}'::int[], '{{1,2},{3,4}}'::int[], '[2:4]={1,2,3}'::int[], '[0:1][2:3]={{1,2},{3,4}}'::int4[];
SELECT '{a,"b c","",NULL,"NULL","a\"b","c\\d",{,}'::text[];
SELECT '{a,"b c","",NULL,"NULL","a\"b","c\\d","{x}","a,b"," pad "}'::text[];
SELECT '{ a , b c ,  "d"  }'::text[], '{a\,b,\{x\}}'::text[], E'{a\nb,"x\ty"}'::text[];
SELECT '{t,f,NULL}'::bool[], '{1.50,2,NaN}'::numeric[], '{1.5,-Infinity}'::float8[], '{1,2}'::smallint[], '{9223372036854775807}'::bigint[];
SELECT '{2024-01-02,infinity}'::date[], '{"2024-01-02 03:04:05"}'::timestamp[], '{"2024-01-02 03:04:05+02"}'::timestamptz[], '{10:20}'::time[], '{"1 day",01:00:00}'::interval[];
SELECT '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'::uuid[], '{"\\x01ff"}'::bytea[], '{"{\"a\": 1}",null}'::json[];
SELECT '{abc,de}'::name[], '{a,b}'::"char"[], '{1,2}'::oid[], '{abc,d}'::varchar[], '{ab,c}'::char(3)[], '{abcdef,xy}'::varchar(3)[];
SELECT '1 2 3'::int2vector, '10 20'::oidvector, ''::int2vector;
SELECT '{1.256,2}'::numeric(4,1)[], ARRAY['abcdef', 'x']::varchar(2)[], ARRAY[1.256, 2]::numeric(4,1)[];
SELECT '{1,2'::int[];
SELECT '1,2}'::int[];
SELECT '{1,2}}'::int[];
SELECT '{1,,2}'::int[];
SELECT '{1,}'::int[];
SELECT '{,1}'::int[];
SELECT '{1,2} x'::int[];
SELECT '{{1,2},{3}}'::int[];
SELECT '{{1},2}'::int[];
SELECT '{1,{2}}'::int[];
SELECT '{{}}'::int[];
SELECT '{"a"b}'::text[];
SELECT '{a"b"}'::text[];
SELECT '{"a}'::text[];
SELECT '{a\'::text[];
SELECT ''::int[];
SELECT '{x}'::int[];
SELECT '{1,99999999999}'::int[];
SELECT '{1 2}'::int[];
SELECT '[1:2]={1}'::int[];
SELECT '[1:2]={1,2,3}'::int[];
SELECT '[2:1]={1}'::int[];
SELECT '[1:2]{1,2}'::int[];
SELECT '[]={1}'::int[];
SELECT '[1:]={1}'::int[];
SELECT '[1:2={1,2}'::int[];
SELECT '[1:2]=x'::int[];
SELECT '[3]={1,2,3}'::int[];
SELECT '{{{{{{{1}}}}}}}'::int[];
SELECT '[1:1][1:1][1:1][1:1][1:1][1:1][1:1]={1}'::int[];
CREATE TABLE a (id int PRIMARY KEY, i int[], t text[], n numeric(5,2)[], v varchar(3)[], d date[] DEFAULT '{2024-01-01}', m int[][], f int[3]);
INSERT INTO a VALUES (1, '{1,2,3}', '{a,b}', '{1.234,2}', '{abc}', NULL, '{{1,2},{3,4}}', '{1,2,3,4}');
INSERT INTO a (id, i, t) VALUES (2, '{}', NULL), (3, '{NULL}', '{"x y",NULL}'), (4, ARRAY[4,5], ARRAY['q', 'r''s']);
INSERT INTO a (id, v) VALUES (5, '{abcd}');
INSERT INTO a (id, v) VALUES (5, ARRAY['abcd']);
INSERT INTO a (id, v) VALUES (5, '{ab   }');
INSERT INTO a (id, i) VALUES (6, '{1,b}');
INSERT INTO a (id, i) VALUES (6, ARRAY['1', '2']);
INSERT INTO a (id, i) VALUES (6, ARRAY[1.6, 2.2]);
INSERT INTO a (id, i) VALUES (7, 5);
SELECT * FROM a ORDER BY id;
UPDATE a SET i = '{7,8}', t = t WHERE id = 1 RETURNING *;
COPY a (id, i, t) FROM stdin;
10	{1,2}	{a,"b\\"c",NULL}
11	\N	{}
\.
COPY a (id, i) FROM stdin;
12	{1,2
\.
COPY (SELECT id, i, t, m FROM a WHERE i IS NOT NULL ORDER BY id) TO stdout;
SELECT i::text, t::text, i::text[], n::int[], t::varchar[] FROM a WHERE id = 1;
SELECT ARRAY[1,2]::text, ARRAY[1,2]::bigint[], ARRAY['1','2']::int[], ARRAY[1.5,2.5]::int[], '{1,2}'::text::int[], ARRAY[true]::text[];
SELECT ARRAY['x']::int[];
SELECT ARRAY[1,2]::date[];
SELECT ARRAY[1]::int;
SELECT 1::int[];
SELECT '1 2'::int2vector::int2[], '3 4'::oidvector::oid[];
DROP TABLE a;
