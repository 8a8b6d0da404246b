-- ALTER COLUMN TYPE of columns that expressions and predicates of indexes read: both are bound to the new types.
CREATE TABLE x (id int, name text, note varchar(10), n int, data jsonb, tags text[]);
INSERT INTO x SELECT i, 'Name' || i, 'n' || i % 10, i % 7, jsonb_build_object('k', i), ARRAY['t' || i % 5] FROM generate_series(1, 200) i;
CREATE UNIQUE INDEX x_lower ON x (lower(name));
CREATE INDEX x_part ON x (id) WHERE n > 3 AND name <> 'nobody';
CREATE INDEX x_sum ON x ((id + n), (n * 2) DESC) INCLUDE (note);
CREATE INDEX x_mixed ON x (n, upper(note), (name || note) text_pattern_ops);
CREATE INDEX x_json ON x ((data ->> 'k'));
CREATE INDEX x_gin ON x USING gin (data, tags);
CREATE INDEX x_path ON x USING gin (data jsonb_path_ops) WHERE n = 1;
ALTER TABLE x ADD CONSTRAINT x_check CHECK (n >= 0 AND length(name) > 0);
ALTER TABLE x ALTER name TYPE varchar(100), ALTER n TYPE bigint;
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'x' ORDER BY 1;
SELECT i.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class i JOIN pg_attribute a ON a.attrelid = i.oid
  WHERE i.relname LIKE 'x\__%' AND i.relkind = 'i' ORDER BY 1, a.attnum;
SELECT count(*) FROM x WHERE lower(name) = 'name17';
SELECT count(*) FROM x WHERE id < 50 AND n > 3 AND name <> 'nobody';
SELECT count(*) FROM x WHERE id + n = 12;
INSERT INTO x (id, name, n) VALUES (500, 'NAME17', 1);
INSERT INTO x (id, name, n) VALUES (500, 'Name500', 6) RETURNING id;
ALTER TABLE x ALTER n TYPE numeric(10, 2) USING n / 2.0, ALTER note TYPE text, ALTER name TYPE text;
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'x' ORDER BY 1;
SELECT i.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class i JOIN pg_attribute a ON a.attrelid = i.oid
  WHERE i.relname LIKE 'x\__%' AND i.relkind = 'i' ORDER BY 1, a.attnum;
SELECT count(*) FROM x WHERE id + n = 12;
SELECT count(*) FROM x WHERE n * 2 = 4;
ALTER TABLE x ALTER n TYPE text;
ALTER TABLE x ALTER data TYPE text;
ALTER TABLE x ALTER data TYPE json;
ALTER TABLE x ALTER id TYPE date USING NULL;
ALTER TABLE x ALTER tags TYPE varchar(20)[];
DROP INDEX x_gin, x_path;
ALTER TABLE x ALTER data TYPE json;
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'x' ORDER BY 1;
SELECT count(*) FROM x WHERE data ->> 'k' = '12';
-- a new type that makes two keys equal
CREATE UNIQUE INDEX x_u ON x ((id * 1.5));
ALTER TABLE x ALTER name TYPE char(4);
DROP TABLE x;
