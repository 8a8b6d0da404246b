-- geometric types: text and binary form, casts, operators, functions
CREATE TABLE geo (id int PRIMARY KEY, p point, s lseg, b box, l line, c circle, w path, g polygon);
INSERT INTO geo VALUES
  (1, '(0,0)', '[(0,0),(3,4)]', '(0,0),(2,2)', '{1,-1,0}', '<(0,0),1>', '[(0,0),(1,1),(2,0)]', '((0,0),(4,0),(4,3))'),
  (2, '1,2', '((1,2),(-1.5,2e3))', '((3,1),(1,3))', '[(0,0),(0,5)]', '((1,1),2.5)', '((0,0),(1,1),(2,0))', '(0,0),(0,2),(2,2),(2,0)'),
  (3, ' ( -1.5 , 1e10 ) ', '1,1,1,1', '1,1,5,-5', '(0,1),(4,1)', '1,2,3', '1,2,3,4', '1,2'),
  (4, '(Infinity,-inf)', NULL, '(0,NaN),(1,1)', '{0,1,-2}', '<(0,0),Infinity>', '(1,2),(3,4),(5,6)', '((1,2),(3,4),(5,1),(2,-3))'),
  (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT * FROM geo ORDER BY id;
SELECT id, pg_typeof(p), p[0], p[1] FROM geo WHERE id = 2;
-- texts that are none
SELECT '(1,2'::point;
SELECT '(1,2))'::point;
SELECT '1'::point;
SELECT '(1,x)'::point;
SELECT '(1e400,1)'::point;
SELECT '[(1,2),(3,4)]'::box;
SELECT '(1,2),(3,4)x'::lseg;
SELECT '{0,0,1}'::line;
SELECT '(1,1),(1,1)'::line;
SELECT '{1,2}'::line;
SELECT '<(1,2),-1>'::circle;
SELECT '<(1,2),3'::circle;
SELECT '(1,2,3)'::path;
SELECT '[(1,2),(3,4)]'::polygon;
SELECT ''::polygon;
SELECT '[(1,2)'::path;
SELECT ' [ (1,2) , (3,4) ] '::path, '((1,2))'::path, '(1,2)'::path, '( (1,2) , (3,4) )'::path, '((1,2),(3,4))'::box, '< ( 1 , 2 ) , 3 >'::circle, '(( 1 , 2 ) , 3 )'::circle;
-- points
SELECT a, b, a + b AS pl, a - b AS mi, a * b AS mul, a <-> b AS dist, a << b AS l, a >> b AS r, a <^ b AS bl, a >^ b AS ab, a |>> b AS ab2, a <<| b AS bl2, a ?| b AS v, a ?- b AS h, a ~= b AS same, a <> b AS ne, slope(a, b)
  FROM (VALUES ('(0,0)'::point, '(3,4)'::point), ('(1,1)', '(1,1.0000001)'), ('(1,2)', '(1,7)'), ('(-3,2.5)', '(8,2.5)')) v(a, b);
SELECT point '(4,2)' / point '(0,1)', point '(1,2)' / point '(0,0)';
SELECT point '(1e300,1)' * point '(1e300,1)';
SELECT point(1, 2.5), point(box '(0,0),(2,4)'), point(circle '<(1,2),3>'), point(lseg '[(0,0),(2,2)]'), point(polygon '((0,0),(2,0),(2,2),(0,2))');
SELECT isvertical(point '(1,1)', point '(1,9)'), ishorizontal(point '(1,1)', point '(2,9)');
SELECT point '(1,1)' = point '(1,1)';
SELECT * FROM geo ORDER BY p;
SELECT DISTINCT p FROM geo;
-- segments and lines
SELECT a, b, a # b AS at, a ?# b AS meets, a ?|| b AS par, a ?-| b AS perp, a = b AS eq, a <> b AS ne, a < b AS lt, a <= b AS le, a > b AS gt, a >= b AS ge, a <-> b AS dist, a ## b AS near
  FROM (VALUES ('[(0,0),(2,2)]'::lseg, '[(0,2),(2,0)]'::lseg), ('[(0,0),(2,2)]', '[(1,0),(3,2)]'), ('[(0,0),(1,0)]', '[(0,1),(0,5)]'), ('[(0,0),(1,0)]', '[(0,0),(1,0)]'), ('[(1,1),(1,4)]', '[(3,2),(9,2)]')) v(a, b);
SELECT @-@ s AS len, @@ s AS mid, ?| s AS v, ?- s AS h, length(s), isvertical(s), ishorizontal(s) FROM geo WHERE s IS NOT NULL ORDER BY id;
SELECT a, b, a # b AS at, a ?# b AS meets, a ?|| b AS par, a ?-| b AS perp, a = b AS eq, a <-> b AS dist
  FROM (VALUES ('{1,-1,0}'::line, '{1,1,-2}'::line), ('{1,-1,0}', '{2,-2,4}'), ('{1,0,-3}', '{0,1,5}'), ('{0,1,0}', '{0,3,6}'), ('{2,-4,6}', '{1,-2,3}'), ('{1,0,1}', '{-1,0,5}')) v(a, b);
SELECT line(point '(0,0)', point '(1,2)'), line(point '(1,0)', point '(1,2)'), line(point '(0,3)', point '(1,3)');
SELECT line(point '(1,0)', point '(1,0)');
SELECT ?| line '{1,0,5}', ?- line '{0,1,5}';
SELECT p, l, p <-> l AS dist, l <-> p, p <@ l AS on, p ## l AS near FROM (VALUES ('(0,0)'::point, '{1,-1,0}'::line), ('(3,1)', '{1,-1,0}'), ('(2,2)', '{0,-1,5}'), ('(7,3)', '{-1,0,2}')) v(p, l);
SELECT p, s, p <-> s AS dist, s <-> p, p <@ s AS on, p ## s AS near FROM (VALUES ('(0,0)'::point, '[(0,0),(2,0)]'::lseg), ('(5,5)', '[(0,0),(2,0)]'), ('(1,3)', '[(0,0),(2,0)]'), ('(-2,1)', '[(0,0),(2,2)]'), ('(1,1)', '[(0,0),(2,2)]')) v(p, s);
SELECT s, l, s <-> l AS dist, l <-> s, s ?# l AS meets, s <@ l AS on, l ## s AS near FROM (VALUES ('[(0,0),(2,2)]'::lseg, '{1,-1,0}'::line), ('[(0,1),(2,4)]', '{1,-1,0}'), ('[(-1,4),(2,-3)]', '{0,1,0}')) v(s, l);
-- boxes
SELECT a, b, a && b AS ov, a &< b AS ol, a << b AS l, a >> b AS r, a &> b AS orr, a <<| b AS bl, a &<| b AS obl, a |>> b AS ab, a |&> b AS oab, a <@ b AS inn, a @> b AS has, a ~= b AS same, a = b AS eq, a < b AS lt, a > b AS gt, a <= b AS le, a >= b AS ge, a <^ b, a >^ b, a <-> b AS dist, a # b AS cut, a ?# b
  FROM (VALUES ('(0,0),(2,2)'::box, '(1,1),(3,3)'::box), ('(0,0),(1,1)', '(5,5),(6,8)'), ('(0,0),(4,4)', '(1,1),(2,2)'), ('(0,0),(2,2)', '(0,0),(2,2)')) v(a, b);
SELECT b, area(b), width(b), height(b), @@ b AS mid, center(b), diagonal(b), lseg(b), circle(b), polygon(b), b + point '(1,2)', b - point '(1,2)', b * point '(2,0)', b / point '(2,1)' FROM geo WHERE id < 4 ORDER BY id;
SELECT box(point '(1,2)', point '(0,5)'), box(point '(1,2)'), point '(1,2)'::box, bound_box(box '(0,0),(1,1)', box '(5,5),(6,6)'), box(circle '<(0,0),2>');
SELECT p, b, p <-> b AS dist, b <-> p, p <@ b AS inn, b @> p, p ## b AS near FROM (VALUES ('(1,1)'::point, '(0,0),(2,2)'::box), ('(5,5)', '(0,0),(2,2)'), ('(-1,1)', '(0,0),(2,2)')) v(p, b);
SELECT s, b, s <-> b AS dist, b <-> s, s ?# b AS meets, s <@ b AS inn, s ## b AS near FROM (VALUES ('[(0,0),(1,1)]'::lseg, '(0,0),(2,2)'::box), ('[(5,5),(7,9)]', '(0,0),(2,2)'), ('[(-1,1),(4,1)]', '(0,0),(2,2)')) v(s, b);
SELECT l, b, l ?# b FROM (VALUES ('{1,-1,0}'::line, '(0,0),(2,2)'::box), ('{0,-1,5}', '(0,0),(2,2)')) v(l, b);
-- paths
SELECT w, # w AS n, npoints(w), isclosed(w), isopen(w), area(w), @-@ w AS len, length(w), pclose(w), popen(w), w + point '(1,1)', w - point '(1,1)', w * point '(0,1)', w / point '(2,0)' FROM geo WHERE w IS NOT NULL ORDER BY id;
SELECT a, b, a + b AS sum, a ?# b AS meets, a <-> b AS dist, a = b, a < b, a > b, a <= b, a >= b
  FROM (VALUES ('[(0,0),(1,1)]'::path, '[(2,2),(3,0)]'::path), ('[(0,0),(2,2)]', '((0,2),(2,0))'), ('[(0,0)]', '[(3,4)]')) v(a, b);
SELECT p, w, p <-> w AS dist, w <-> p, p <@ w AS on, w @> p FROM (VALUES ('(1,0.5)'::point, '[(0,0),(1,1),(2,0)]'::path), ('(1,0.5)', '((0,0),(1,1),(2,0))'), ('(1,1)', '[(0,0),(1,1),(2,0)]'), ('(5,5)', '[(1,1)]')) v(p, w);
SELECT polygon(path '((0,0),(1,1),(2,0))'), path(polygon '((0,0),(1,1),(2,0))');
SELECT polygon(path '[(0,0),(1,1)]');
-- polygons
SELECT a, b, a && b AS ov, a << b AS l, a &< b AS ol, a >> b AS r, a &> b AS orr, a <<| b AS bl, a &<| b AS obl, a |>> b AS ab, a |&> b AS oab, a <@ b AS inn, a @> b AS has, a ~= b AS same, a <-> b AS dist
  FROM (VALUES ('((0,0),(4,0),(4,4),(0,4))'::polygon, '((1,1),(2,1),(2,2),(1,2))'::polygon), ('((0,0),(1,0),(0,1))', '((1,0),(0,1),(0,0))'), ('((0,0),(1,0),(0,1))', '((5,5),(6,5),(5,6))'), ('((0,0),(4,0),(4,4),(2,1),(0,4))', '((1,1),(2,3),(3,1))'), ('((0,0),(4,0),(4,4),(0,4))', '((4,4),(0,4),(0,0),(4,0))')) v(a, b);
SELECT g, # g AS n, npoints(g), @@ g AS mid, center(circle(g)), box(g), circle(g), g @> point '(1,1)' AS has, point '(3.9,2.9)' <@ g AS inn, g <-> point '(9,9)', point '(9,9)' <-> g, g <-> circle '<(9,9),1>', circle '<(9,9),1>' <-> g FROM geo WHERE g IS NOT NULL ORDER BY id;
-- circles
SELECT a, b, a && b AS ov, a << b AS l, a &< b AS ol, a >> b AS r, a &> b AS orr, a <<| b AS bl, a &<| b AS obl, a |>> b AS ab, a |&> b AS oab, a <@ b AS inn, a @> b AS has, a ~= b AS same, a = b AS eq, a <> b AS ne, a < b AS lt, a <= b AS le, a > b AS gt, a >= b AS ge, a <-> b AS dist
  FROM (VALUES ('<(0,0),1>'::circle, '<(1,1),1>'::circle), ('<(0,0),5>', '<(1,1),1>'), ('<(0,0),1>', '<(9,9),1>'), ('<(1,2),3>', '<(1,2),3>')) v(a, b);
SELECT c, area(c), radius(c), diameter(c), center(c), @@ c AS mid, box(c), c + point '(1,1)', c - point '(1,1)', c * point '(0,2)', c / point '(0,2)', c @> point '(1,1)', point '(1,1)' <@ c, c <-> point '(9,9)', point '(9,9)' <-> c FROM geo WHERE id < 4 ORDER BY id;
SELECT circle(point '(1,2)', 3), polygon(4, circle '<(0,0),1>'), npoints(polygon(circle '<(0,0),1>'));
SELECT polygon(1, circle '<(0,0),1>');
SELECT polygon(4, circle '<(0,0),0>');
-- parts by subscript
SELECT id, p[0], p[1], p[2], b[0], b[1], s[0], (b[1])[0], l[0], l[2], p[NULL] FROM geo ORDER BY id;
SELECT p[0:1] FROM geo;
SELECT c[0] FROM geo;
UPDATE geo SET p[0] = 7 WHERE id = 2 RETURNING p;
UPDATE geo SET b[1] = '(9,9)', p[1] = 8 WHERE id = 1 RETURNING b, p;
UPDATE geo SET p[2] = 7 WHERE id = 2;
UPDATE geo SET p[0] = 7 WHERE id = 5 RETURNING p;
-- in tables: arrays, defaults, NULLs, aggregates, casts to text, json
CREATE TABLE geo2 (id serial, at point DEFAULT '(1,1)', many point[], areas box[]);
INSERT INTO geo2 (many, areas) VALUES (ARRAY['(1,2)'::point, '(3,4)'], '{(1,1),(0,0);(2,2),(1,1)}'), (NULL, NULL);
SELECT at, many, many[2], areas, areas[1] FROM geo2 ORDER BY id;
SELECT count(*), count(p) FROM geo;
SELECT p::text, 'x' || p, to_json(p), array_agg(p) OVER (ORDER BY id) FROM geo WHERE id < 3 ORDER BY id;
SELECT id FROM geo WHERE p <@ circle '<(0,0),3>' ORDER BY id;
SELECT id FROM geo WHERE c IS NOT NULL ORDER BY c <-> point '(1,1)', id LIMIT 2;
CREATE INDEX ON geo (p);
ALTER TABLE geo ALTER c TYPE point USING center(c);
SELECT id, c FROM geo ORDER BY id;
UPDATE geo SET p = p + point '(1,1)' WHERE id = 2 RETURNING p;
SET extra_float_digits = -3;
SELECT point '(0.1,3.14159265358979)' ;
RESET extra_float_digits;
CREATE VIEW geo_v AS SELECT id, p + '(1,2)'::point AS q FROM geo WHERE p <@ '(0,0),(9,9)'::box;
SELECT pg_get_viewdef('geo_v');
SELECT * FROM geo_v ORDER BY id;
DROP VIEW geo_v;
DROP TABLE geo, geo2;
-- where equality is not sameness, and where there is none
CREATE TABLE a (id int, b box, p point, c circle);
INSERT INTO a VALUES (1,'(0,0),(2,2)','(1,1)','<(0,0),2>'),(2,'(0,0),(4,1)','(2,2)','<(1,1),2>'),(3,'(1,1),(2,2)','(1,1)','<(5,5),1>'),(4,NULL,NULL,NULL);
SELECT x.id, y.id FROM a x JOIN a y ON x.b = y.b ORDER BY 1, 2;
SELECT id FROM a WHERE b IN (SELECT b FROM a WHERE id = 1) ORDER BY 1;
SELECT id FROM a WHERE b = ANY (ARRAY['(0,0),(1,4)'::box]) ORDER BY 1;
SELECT id FROM a WHERE c IN ('<(9,9),2>', '<(8,8),3>', '<(1,1),9>', '<(1,1),8>', '<(1,1),7>', '<(1,1),6>') ORDER BY 1;
SELECT id FROM a WHERE p ~= ANY (ARRAY['(1,1)'::point, '(5,5)']) ORDER BY 1;
SELECT x.id, y.id FROM a x LEFT JOIN a y ON x.c = y.c AND x.id <> y.id ORDER BY 1, 2;
SELECT id FROM a x WHERE EXISTS (SELECT 1 FROM a y WHERE y.c = x.c AND y.id <> x.id) ORDER BY 1;
SELECT id FROM a x WHERE NOT EXISTS (SELECT 1 FROM a y WHERE y.b = x.b AND y.id <> x.id) ORDER BY 1;
SELECT ARRAY['(1,1)'::point] = ARRAY['(1,1)'::point];
SELECT ROW('(1,1)'::point) = ROW('(1,1)'::point);
SELECT p, count(*) FROM a GROUP BY p;
SELECT p FROM a UNION ALL SELECT p FROM a ORDER BY 1;
SELECT max(p) FROM a;
SELECT row_number() OVER (PARTITION BY p) FROM a;
SELECT array_agg(p ORDER BY id), string_agg(p::text, ';' ORDER BY id) FROM a;
SELECT unnest(ARRAY['(1,1)'::point, NULL]);
SELECT array_position(ARRAY['(1,1)'::point], '(1,1)'::point);
SELECT p IS DISTINCT FROM p FROM a;
SELECT NULLIF(p, '(1,1)') FROM a;
SELECT CASE p WHEN '(1,1)' THEN 1 END FROM a;
SELECT coalesce(p, '(9,9)') FROM a ORDER BY id;
CREATE TABLE b (p point PRIMARY KEY);
CREATE TABLE b (p point UNIQUE);
SELECT to_jsonb(a) FROM a ORDER BY id LIMIT 1;
SELECT '{"p": "(1,2)", "c": "<(1,1),1>"}'::jsonb ->> 'p', (json_populate_record(NULL::a, '{"p": "(1,2)"}')).p;
EXPLAIN (COSTS OFF) SELECT * FROM a WHERE b = '(0,0),(2,2)'::box;
ANALYZE a;
SELECT id FROM a WHERE b = '(0,0),(1,4)'::box ORDER BY id;
SELECT attname, n_distinct, most_common_vals FROM pg_stats WHERE tablename = 'a' ORDER BY 1;
SELECT pg_column_size(p), pg_column_size(b), pg_column_size(c) FROM a WHERE id = 1;
COPY a TO STDOUT;
SELECT a, a.*::text FROM a ORDER BY id;
SELECT '(("(1,2)"))'::text::point;
SELECT point(NULL, 1), box '(nan,1),(2,3)', circle '<(inf,-inf),nan>', path '((nan,1),(2,inf))';
SELECT '( ( 1 , 2 ) , ( 3 , 4 ) , ( 5 , 6 ) )'::polygon @> '(1e-7,2)'::point, polygon '((0,0),(10,0),(10,10),(5,5),(0,10))' @> polygon '((1,1),(9,1),(9,9),(5,4),(1,9))', polygon '((0,0),(10,0),(10,10),(5,5),(0,10))' @> polygon '((1,1),(9,1),(5,9))';
SELECT pg_column_size('[(0,0),(1,1)]'::path), pg_column_size('((0,0),(1,1),(2,0))'::polygon), pg_column_size('{1,2,3}'::line), pg_column_size('[(0,0),(1,1)]'::lseg);
DROP TABLE a;
