-- json_populate_record and its kin: rows of a type from JSON, what is not there from the row given, arrays, nested rows, domains.
CREATE TYPE addr AS (street text, no int);
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE DOMAIN must AS text NOT NULL;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE p (id int, name varchar(5), at timestamp, home addr, tags text[], grid int[], data jsonb, raw json, m mood, moods mood[], r int4range, n pos, addrs addr[]);
SELECT jsonb_populate_record(null::p, '{"id": 1, "name": "ann", "at": "2020-01-02 03:04", "home": {"street": "Elm", "no": 5}, "tags": ["a", "b c"], "grid": [[1,2],[3,4]]}');
SELECT json_populate_record(null::p, '{"id": 1, "name": "ann", "home": {"no": "7"}, "data": {"x": [1, 2]}, "raw": {"x" :  [1, 2]}, "m": "ok", "moods": ["sad", null]}');
SELECT jsonb_populate_record(null::p, '{"r": "[1,5)", "n": 3, "addrs": [{"street": "a", "no": 1}, {"no": 2}, null], "home": "(x y,9)", "tags": "{q,w}"}');
SELECT (jsonb_populate_record(null::p, '{"id": 8, "home": {"street": "Oak"}}')).id, ((jsonb_populate_record(null::p, '{"home": {"street": "Oak"}}')).home).street;
-- a row given
SELECT jsonb_populate_record(row(5, 'bob', null, row('Old', 3)::addr, '{z}', null, null, null, 'sad', null, null, 4, null)::p, '{"id": 6, "home": {"no": 4}}');
SELECT json_populate_record(row(1, 2), '{"f1": 3}');
SELECT jsonb_populate_record(row(1, 'x'::text), '{"f2": "y"}');
SELECT jsonb_populate_record(row(1, 2)::addr, '{"no": 3}'), jsonb_populate_record(row('s', 2)::addr, NULL), jsonb_populate_record(NULL::addr, NULL);
SELECT jsonb_populate_record(null::addr, j) FROM (VALUES ('{"no": 1}'::jsonb), (NULL), ('{}')) v (j);
-- sets in the target list
SELECT jsonb_populate_recordset(null::addr, '[{"street": "a"}, {"no": 2}]');
SELECT json_populate_recordset(row('d', 9)::addr, '[{"street": "a"}, {"no": 2}]');
SELECT json_populate_recordset(null::addr, NULL);
-- errors
SELECT jsonb_populate_record(null::addr, '[1]');
SELECT json_populate_record(null::addr, '3');
SELECT jsonb_populate_record(null::p, '{"home": [1]}');
SELECT jsonb_populate_record(null::p, '{"home": 1}');
SELECT jsonb_populate_record(null::p, '{"tags": {"a": 1}}');
SELECT jsonb_populate_record(null::p, '{"grid": [[1], 2]}');
SELECT jsonb_populate_record(null::p, '{"id": "x"}');
SELECT jsonb_populate_record(null::p, '{"name": "longer"}');
SELECT jsonb_populate_record(null::p, '{"m": "glad"}');
SELECT jsonb_populate_record(null::p, '{"n": 0}');
SELECT jsonb_populate_record(1, '{}');
SELECT jsonb_populate_record(null::record, '{"a": 1}');
SELECT jsonb_populate_recordset(null::addr, '[1]');
SELECT jsonb_populate_recordset(null::addr, '{}');
SELECT json_populate_recordset(null::addr, '1');
CREATE TYPE strict AS (a must, b int);
SELECT jsonb_populate_record(null::strict, '{"b": 1}');
SELECT jsonb_populate_record(null::strict, '{"a": "v"}');
SELECT jsonb_populate_record(row('w', 1)::strict, '{"b": 2}');
CREATE DOMAIN small AS addr CHECK ((VALUE).no < 5);
SELECT jsonb_populate_record(null::small, '{"no": 4}');
SELECT jsonb_populate_record(null::small, '{"no": 5}');
SELECT * FROM jsonb_to_record('{"a": {"street": "s"}, "m": "ok", "n": 2, "mm": ["ok"]}') AS x (a addr, m mood, n pos, mm mood[]);
SELECT * FROM jsonb_to_record('{"n": -1}') AS x (n pos);
