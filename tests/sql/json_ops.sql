-- json: extraction operators and functions
SELECT '{"a":1,"b":"x","c":null,"d":[10,20,30],"e":{"f":true}}'::json -> 'a', '{"b":"x"}'::json -> 'b', '{"b":"x"}'::json ->> 'b';
SELECT '{"c":null}'::json -> 'c', '{"c":null}'::json ->> 'c', '{"c":null}'::json -> 'z', '{"c":null}'::json ->> 'z';
SELECT '[10,20,30]'::json -> 0, '[10,20,30]'::json ->> 1, '[10,20,30]'::json -> -1, '[10,20,30]'::json -> 5, '[10]'::json -> 'a', '{"a":1}'::json -> 0;
SELECT '{"e":{"f":[1,{"g":"deep"}]}}'::json -> 'e' -> 'f' -> 1 ->> 'g';
SELECT json_array_length('[1,2,3]'), json_array_length('[]');
SELECT json_array_length('{"a":1}');
SELECT json_typeof('{}'), json_typeof('[]'), json_typeof('1'), json_typeof('"x"'), json_typeof('true'), json_typeof('null');
SELECT json_typeof(null) IS NULL;
CREATE TABLE j (id int, v json);
INSERT INTO j VALUES (1, '{"n":5,"s":"five"}'), (2, '{"n":7,"s":"seven"}'), (3, '{"s":null}'), (4, null);
SELECT id, v ->> 's', (v ->> 'n')::int + 1 FROM j ORDER BY id;
SELECT id FROM j WHERE v ->> 's' = 'seven';
SELECT id FROM j WHERE (v ->> 'n')::int > 5;
SELECT sum((v ->> 'n')::int) FROM j;
SELECT id FROM j ORDER BY v ->> 's' DESC NULLS LAST, id;
