-- ranges and multiranges: I/O, canonical forms, operators, functions, constructors, types of one's own
SELECT '[1,5]'::int4range, '(1,5)'::int4range, '[1,1)'::int4range, '(,5]'::int4range, '[,]'::int4range, 'empty'::int4range, ' ( 1 , 3 ] '::int4range;
SELECT '[1.1,2.2]'::numrange, '(2020-01-01,2020-01-05]'::daterange, '["2020-01-01 10:00",)'::tsrange, '[1,10]'::int8range;
SELECT tstzrange('2020-01-01 00:00+00', '2020-01-02 00:00+00', '[]');
SELECT '[5,1]'::int4range;
SELECT '1,5]'::int4range;
SELECT '[1 5]'::int4range;
SELECT '[1,5,6]'::int4range;
SELECT '[1,5] x'::int4range;
SELECT '[1,'::int4range;
SELECT 'empty x'::int4range;
SELECT '[a,5]'::int4range;
SELECT '[1,2147483647]'::int4range;
SELECT int4range(1, 5), int4range(1, 5, '[]'), int4range(1, 5, '(]'), int4range(NULL, 5), int4range(1, NULL), int4range(NULL, NULL);
SELECT int4range(5, 1);
SELECT int4range(1, 5, 'xx');
SELECT int4range(1, 5, NULL);
SELECT lower('[1,5)'::int4range), upper('[1,5)'::int4range), isempty('empty'::int4range), lower_inc('[1,5)'::int4range), upper_inc('[1,5)'::int4range), lower_inf('(,5)'::int4range), upper_inf('(1,)'::int4range);
SELECT lower('empty'::int4range), upper('(,)'::int4range);
SELECT int4range(1, 5) @> 3, int4range(1, 5) @> 5, 3 <@ int4range(1, 5), int4range(1, 5) @> int4range(2, 3), int4range(2, 3) <@ int4range(1, 5), int4range(1, 5) @> 'empty';
SELECT int4range(1, 5) && int4range(4, 8), int4range(1, 5) && int4range(5, 8), int4range(1, 5) << int4range(5, 8), int4range(5, 8) >> int4range(1, 5), int4range(1, 5) -|- int4range(5, 8), int4range(1, 5) &< int4range(2, 5), int4range(1, 5) &> int4range(0, 3);
SELECT int4range(1, 5) + int4range(4, 8), int4range(1, 5) * int4range(4, 8), int4range(1, 5) - int4range(4, 8), int4range(1, 5) - int4range(1, 8);
SELECT int4range(1, 5) + int4range(6, 8);
SELECT int4range(1, 10) - int4range(3, 4);
SELECT range_merge(int4range(1, 5), int4range(8, 9));
SELECT int4range(1, 5) = int4range(1, 4, '[]'), int4range(1, 5) <> int4range(1, 5), int4range(1, 5) < int4range(2, 3), 'empty'::int4range < int4range(1, 2), int4range(1, 5) >= int4range(1, 5);
SELECT r FROM (VALUES ('[1,5)'::int4range), ('empty'), ('(,3)'), ('[1,)'), ('[1,2)')) v(r) ORDER BY r;
SELECT r, count(*) FROM (VALUES ('[1,5)'::int4range), ('[1,4]'), ('empty')) v(r) GROUP BY r ORDER BY r;
SELECT pg_typeof('[1,2]'::int4range), pg_typeof(lower('[1,2]'::numrange));
SELECT '[1,5]'::int4range::text, ARRAY['[1,2)', '[3,4)']::int4range[], ('{"[1,2)","[3,4)"}'::int4range[])[2];
SELECT to_json(int4range(1, 5));
SELECT int4range(1, 3) @> '2', '[2020-01-01,2020-02-01)'::daterange @> '2020-01-15'::date, numrange(1, 2) @> 1.5;
SELECT int4range(1, 3) @> 2.5;
SELECT int4range(1, 3) && numrange(1, 3);
-- multiranges
SELECT '{[1,5),[7,9)}'::int4multirange, '{}'::int4multirange, '{[1,5],[5,9)}'::int4multirange, '{[7,8),[1,2),empty}'::int4multirange;
SELECT '[1,5)'::int4multirange;
SELECT '{[1,5)'::int4multirange;
SELECT '{[1,5)} x'::int4multirange;
SELECT '{x}'::int4multirange;
SELECT '{[1,5) [6,7)}'::int4multirange;
SELECT int4multirange(), int4multirange(int4range(1, 5)), int4multirange(int4range(1, 5), int4range(8, 9), int4range(4, 6)), multirange(int4range(1, 5)), int4range(1, 5)::int4multirange;
SELECT lower('{[1,5),[7,9)}'::int4multirange), upper('{[1,5),[7,9)}'::int4multirange), isempty('{}'::int4multirange);
SELECT '{[1,5),[7,9)}'::int4multirange @> 3, '{[1,5),[7,9)}'::int4multirange @> 6, '{[1,5),[7,9)}'::int4multirange @> int4range(7, 8), '{[1,5)}'::int4multirange && int4range(4, 6), int4range(4, 6) && '{[1,5)}'::int4multirange;
SELECT '{[1,5)}'::int4multirange + '{[7,9)}', '{[1,5),[7,9)}'::int4multirange - '{[2,3)}', '{[1,5),[7,9)}'::int4multirange * '{[4,8)}';
SELECT '{[1,5)}'::int4multirange = '{[1,3),[3,5)}', '{[1,5)}'::int4multirange < '{[1,6)}', '{[1,2)}'::int4multirange -|- '{[2,3)}'::int4multirange, '{[1,2)}'::int4multirange << int4range(5, 6);
SELECT unnest('{[1,5),[7,9)}'::int4multirange);
SELECT range_merge('{[1,5),[7,9)}'::int4multirange);
SELECT range_agg(r), range_intersect_agg(r) FROM (VALUES (int4range(1, 5)), (int4range(3, 8)), (NULL)) v(r);
SELECT range_agg(r) FROM (VALUES (int4range(1, 5))) v(r) WHERE false;
-- in tables
CREATE TABLE booking (room int, during tsrange, EXCLUDE USING gist (room WITH =, during WITH &&));
CREATE TABLE rt (id int, r int4range UNIQUE, d daterange, m int4multirange);
INSERT INTO rt VALUES (1, '[1,5)', '[2020-01-01,2020-02-01)', '{[1,2)}'), (2, '[5,9)', NULL, NULL), (3, 'empty', 'empty', '{}');
INSERT INTO rt VALUES (4, '[1,4]', NULL, NULL);
SELECT * FROM rt ORDER BY r;
SELECT id FROM rt WHERE r && '[4,6)' ORDER BY 1;
SELECT id FROM rt WHERE r @> 3;
SELECT id FROM rt WHERE r = '[1,5)';
SELECT id FROM rt WHERE d @> '2020-01-15'::date;
CREATE TABLE res (during tsrange, EXCLUDE USING gist (during WITH &&));
INSERT INTO res VALUES ('[2020-01-01 10:00,2020-01-01 11:00)');
INSERT INTO res VALUES ('[2020-01-01 11:00,2020-01-01 12:00)');
INSERT INTO res VALUES ('[2020-01-01 10:30,2020-01-01 10:45)');
SELECT * FROM res ORDER BY 1;
\d res
-- COPY, binary form by prepared statements of drivers is in the wire tests
COPY rt TO stdout;
COPY rt FROM stdin;
7	[20,30]	\N	{[1,3]}
\.
SELECT * FROM rt WHERE id = 7;
-- of one's own
CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
SELECT '[1.5,2.5]'::floatrange, floatrange(1, 2), floatrange(1, 2, '[]') @> 2.0::float8, floatmultirange(floatrange(1, 2), floatrange(5, 6));
SELECT lower(floatrange(1, 2)), pg_typeof(floatrange(1, 2)), floatrange(1, 3) * floatrange(2, 5);
CREATE TABLE fr (r floatrange PRIMARY KEY, m floatmultirange);
INSERT INTO fr VALUES ('[1,2)', '{[1,2)}'), ('[0,1)', NULL);
SELECT * FROM fr ORDER BY r;
CREATE TYPE word AS RANGE (subtype = text);
SELECT word('a', 'm') @> 'b'::text, '[a,"b c"]'::word;
\dT floatrange
CREATE TYPE bad AS RANGE (subtype = point);
CREATE TYPE bad AS RANGE (subtype_diff = float8mi);
CREATE TYPE bad AS RANGE (subtype = int4, nothing = 1);
CREATE TYPE floatrange AS RANGE (subtype = float8);
DROP TYPE floatmultirange;
DROP TYPE floatrange;
DROP TYPE floatrange CASCADE;
DROP TYPE word;
