-- SET STORAGE, SET COMPRESSION and what a value takes
CREATE TABLE t (a int, b text, c numeric, d name, e int[], s varchar(10));
CREATE INDEX ti ON t (b);
ALTER TABLE t ALTER b SET STORAGE EXTERNAL;
SELECT c.relname, attname, attstorage, attcompression = '' AS none FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
 WHERE relname IN ('t', 'ti') AND attnum > 0 ORDER BY relname, attnum;
ALTER TABLE t ALTER a SET STORAGE EXTERNAL;
ALTER TABLE t ALTER a SET STORAGE PLAIN;
ALTER TABLE t ALTER nope SET STORAGE PLAIN;
ALTER TABLE t ALTER nope SET STORAGE bogus;
ALTER TABLE t ALTER a SET STORAGE bogus;
ALTER TABLE t ALTER b SET STORAGE DEFAULT;
ALTER TABLE t ALTER b SET STORAGE "MAIN";
ALTER TABLE t ALTER d SET STORAGE MAIN;
ALTER TABLE t ALTER e SET STORAGE MAIN;
ALTER TABLE t ALTER c SET STORAGE EXTENDED;
ALTER TABLE t ALTER ctid SET STORAGE MAIN;
ALTER TABLE t ALTER b SET COMPRESSION lz4;
ALTER TABLE t ALTER b SET COMPRESSION bogus;
ALTER TABLE t ALTER a SET COMPRESSION bogus;
ALTER TABLE t ALTER a SET COMPRESSION DEFAULT;
ALTER TABLE t ALTER a SET COMPRESSION lz4;
ALTER TABLE t ALTER nope SET COMPRESSION bogus;
ALTER TABLE t ALTER ctid SET COMPRESSION lz4;
ALTER INDEX ti ALTER b SET STORAGE MAIN;
ALTER INDEX ti ALTER b SET COMPRESSION lz4;
\d+ t
BEGIN;
ALTER TABLE t ALTER b SET STORAGE PLAIN, ALTER b SET COMPRESSION DEFAULT;
\d+ t
ROLLBACK;
SELECT c.relname, attname, attstorage, attcompression FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
 WHERE relname IN ('t', 'ti') AND attnum > 0 ORDER BY relname, attnum;
CREATE TABLE u (a text COMPRESSION lz4, b int COMPRESSION lz4);
CREATE TABLE u (a text COMPRESSION lz4, b text COMPRESSION bogus);
CREATE TABLE u (a text COMPRESSION lz4, b text COMPRESSION DEFAULT, c int COMPRESSION DEFAULT);
ALTER TABLE u ADD COLUMN q text COMPRESSION lz4;
ALTER TABLE u ADD COLUMN q2 int COMPRESSION lz4;
CREATE INDEX ui ON u (a);
\d+ u
\d+ ui
ALTER TABLE u ALTER a TYPE varchar;
ALTER TABLE u ALTER b TYPE int USING 1;
\d+ u
CREATE SEQUENCE sq;
ALTER TABLE sq ALTER last_value SET STORAGE PLAIN;
CREATE VIEW v AS SELECT 1 AS a;
ALTER TABLE v ALTER a SET STORAGE PLAIN;
ALTER TABLE v ALTER a SET COMPRESSION lz4;
SET default_toast_compression = bogus;
SET default_toast_compression = LZ4;
SHOW default_toast_compression;
-- values out of line, before and after a change of storage
CREATE TABLE w (id int PRIMARY KEY, x text, y text);
INSERT INTO w VALUES (1, repeat('compressible ', 20000), repeat('y', 30000));
ALTER TABLE w ALTER x SET STORAGE EXTERNAL;
INSERT INTO w VALUES (2, repeat('compressible ', 20000), repeat('y', 30000));
UPDATE w SET y = y || 'z';
ALTER TABLE w ALTER x SET STORAGE MAIN, ALTER y SET STORAGE PLAIN;
ALTER TABLE w ALTER y SET STORAGE EXTERNAL;
INSERT INTO w VALUES (3, repeat('compressible ', 20000), repeat('y', 30000));
SELECT id, length(x), md5(x), length(y), md5(y) FROM w ORDER BY id;
-- pg_column_size
SELECT pg_column_size(1), pg_column_size(1::int2), pg_column_size(1::int8), pg_column_size(true), pg_column_size('x'::"char");
SELECT pg_column_size('abc'), pg_column_size('abc'::text), pg_column_size(''::text), pg_column_size(repeat('x', 123)), pg_column_size(repeat('x', 3000));
SELECT pg_column_size('n'::name), pg_column_size(now()), pg_column_size(current_date), pg_column_size('1 day'::interval), pg_column_size(1.5::float4);
SELECT pg_column_size(NULL::text), pg_column_size('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid), pg_column_size('{1,2,3}'::int[]), pg_column_size('\x0102'::bytea);
CREATE TABLE z (a text, b varchar(200), c int, d bytea, e int[], f char(5));
INSERT INTO z VALUES ('abc', repeat('v', 126), 1, '\x00', '{1,2}', 'ab'), (repeat('x', 500), repeat('v', 127), NULL, NULL, '{a,b}'::text[]::int[], NULL);
INSERT INTO z VALUES (repeat('x', 500), repeat('v', 127), NULL, NULL, '{}', NULL);
SELECT pg_column_size(a), pg_column_size(b), pg_column_size(c), pg_column_size(d), pg_column_size(e), pg_column_size(f) FROM z;
SELECT pg_column_size(a || 'x'), pg_column_size(c + 1) FROM z;
