-- arrays as json
SELECT to_json(ARRAY[1,2,NULL]), to_json('{a,"b\"c"}'::text[]), to_json('{{1,2},{3,4}}'::int[]), to_json('{}'::int[]), to_json('{t,f}'::bool[]), to_json(ARRAY['{"a":1}'::json]);
SELECT array_to_json(ARRAY[1,2]), array_to_json('{{1,2},{3,4}}'::int[], true), array_to_json('{1,2}'::int[], true), array_to_json(NULL::int[]);
SELECT json_build_object('a', ARRAY[1,2], 'b', '{}'::text[]), json_build_array(ARRAY['x'], 1);
SELECT json_build_object(ARRAY[1], 2);
SELECT json_agg(x) FROM (VALUES (ARRAY[1,2]), (NULL), ('{3}')) v(x);
SELECT to_json(ARRAY['2024-01-02 03:04:05'::timestamp]), to_json(ARRAY[1.50, 2]::numeric[]);
