-- arrays as json
SELECT to_json(ARRAY[1,2,NULL]), to_json('{a,"b\"c"}'::text[]), to_json('{{1,2},{3,4}}'::int[]), to_json('{}'::int[]), to_json('{t,f}'::bool[]), to_json(ARRAY['{"a":1}'::json]);
SELECT array_to_json(ARRAY[1,2]), array_to_json('{{1,2},{3,4}}'::int[], true), array_to_json('{1,2}'::int[], true), array_to_json(NULL::int[]);
SELECT json_build_object('a', ARRAY[1,2], 'b', '{}'::text[]), json_build_array(ARRAY['x'], 1);
SELECT json_build_object(ARRAY[1], 2);
SELECT json_agg(x) FROM (VALUES (ARRAY[1,2]), (NULL), ('{3}')) v(x);
SELECT to_json(ARRAY['2024-01-02 03:04:05'::timestamp]), to_json(ARRAY[1.50, 2]::numeric[]);
SELECT '{"a":{"b":[10,{"c":null}]}}'::json #> '{a,b,0}', '{"a":{"b":[10,{"c":null}]}}'::json #>> '{a,b,1,c}', '{"a":{"b":[10,20]}}'::json #> '{a,b,-1}', '{"a":1}'::json #> '{a,b}', '{"a":1}'::json #> '{}', '"x"'::json #>> '{}', '[1,2]'::json #> '{x}', '{"a":1}'::json #> '{NULL}', '{"a":"t"}'::json #>> '{a}';
SELECT json_extract_path('{"a":[1,2]}', 'a', '1'), json_extract_path_text('{"a":["x"]}', VARIADIC '{a,0}'), json_extract_path(NULL, 'a');
