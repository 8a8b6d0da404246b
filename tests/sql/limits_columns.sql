-- Limits: columns of a table, entries of a target list, columns of an index, arguments of a function.
-- The wide statements are made by queries and not shown; what they do is.
\set VERBOSITY default
\set ECHO none
\echo 'CREATE TABLE w (%s)'
SELECT format('CREATE TABLE w (%s)', (SELECT string_agg(replace('c# int', '#', i::text), ', ' ORDER BY i) FROM generate_series(0, 1599) i)) \gexec
\echo 'CREATE TABLE w1 (%s)'
SELECT format('CREATE TABLE w1 (%s)', (SELECT string_agg(replace('c# int', '#', i::text), ', ' ORDER BY i) FROM generate_series(0, 1600) i)) \gexec
\echo 'SELECT count(*) FROM pg_attribute WHERE attrelid=''w''::regclass AND attnum>0;'
SELECT count(*) FROM pg_attribute WHERE attrelid='w'::regclass AND attnum>0;
\echo 'ALTER TABLE w ADD COLUMN more int;'
ALTER TABLE w ADD COLUMN more int;
\echo 'ALTER TABLE w DROP COLUMN c5;'
ALTER TABLE w DROP COLUMN c5;
\echo 'ALTER TABLE w ADD COLUMN more int;'
ALTER TABLE w ADD COLUMN more int;
\echo 'INSERT INTO w (c0, c1599) VALUES (1, 2), (3, 4);'
INSERT INTO w (c0, c1599) VALUES (1, 2), (3, 4);
\echo 'INSERT INTO w SELECT FROM generate_series(1,2);'
INSERT INTO w SELECT FROM generate_series(1,2);
\echo 'SELECT c0, c1, c1599 FROM w ORDER BY c0;'
SELECT c0, c1, c1599 FROM w ORDER BY c0;
\echo 'UPDATE w SET c1598 = 7, c0 = c0 + 1;'
UPDATE w SET c1598 = 7, c0 = c0 + 1;
\echo 'SELECT c0, c1598, c1599 FROM w ORDER BY c0;'
SELECT c0, c1598, c1599 FROM w ORDER BY c0;
\echo 'SELECT a.c0, b.c1599 FROM w a JOIN w b ON a.c0 = b.c0 ORDER BY 1;'
SELECT a.c0, b.c1599 FROM w a JOIN w b ON a.c0 = b.c0 ORDER BY 1;
\echo 'SELECT count(*) FROM (SELECT * FROM w) s;'
SELECT count(*) FROM (SELECT * FROM w) s;
\echo 'SELECT length(w::text) FROM w ORDER BY 1;'
SELECT length(w::text) FROM w ORDER BY 1;
\echo 'SELECT * FROM w a, w b WHERE false;'
SELECT * FROM w a, w b WHERE false;
\echo 'SELECT count(*) FROM (SELECT * FROM w a, w b) s;'
SELECT count(*) FROM (SELECT * FROM w a, w b) s;
\echo 'CREATE TABLE w2 AS SELECT * FROM w a, w b;'
CREATE TABLE w2 AS SELECT * FROM w a, w b;
\echo 'CREATE TABLE w3 AS SELECT *, 1 AS x1, 2 AS x2 FROM w;'
CREATE TABLE w3 AS SELECT *, 1 AS x1, 2 AS x2 FROM w;
\echo 'CREATE TABLE w3 AS SELECT * FROM w;'
CREATE TABLE w3 AS SELECT * FROM w;
\echo 'INSERT INTO w3 SELECT * FROM w;'
INSERT INTO w3 SELECT * FROM w;
\echo 'SELECT count(*), sum(c0), sum(c1599) FROM w3;'
SELECT count(*), sum(c0), sum(c1599) FROM w3;
\echo 'ALTER TABLE w3 ADD COLUMN a1 int, ADD COLUMN a2 int;'
ALTER TABLE w3 ADD COLUMN a1 int, ADD COLUMN a2 int;
\echo 'CREATE TABLE t (%s)'
SELECT format('CREATE TABLE t (%s)', (SELECT string_agg(replace('c# text', '#', i::text), ', ' ORDER BY i) FROM generate_series(0, 1599) i)) \gexec
\echo 'INSERT INTO t (%s) VALUES (%s)'
SELECT format('INSERT INTO t (%s) VALUES (%s)', (SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(0, 79) i),(SELECT string_agg(replace('repeat(''x'', 100)', '#', i::text), ', ' ORDER BY i) FROM generate_series(0, 79) i)) \gexec
\echo 'SELECT c0, length(c1599), length(c79) FROM t ORDER BY 3, 2 NULLS FIRST;'
SELECT c0, length(c1599), length(c79) FROM t ORDER BY 3, 2 NULLS FIRST;
\echo 'SELECT sum(length(t::text)) FROM t;'
SELECT sum(length(t::text)) FROM t;
\echo 'UPDATE t SET c1599 = ''end'', c3 = repeat(''y'', 3000);'
UPDATE t SET c1599 = 'end', c3 = repeat('y', 3000);
\echo 'UPDATE t SET c0 = NULL;'
UPDATE t SET c0 = NULL;
\echo 'SELECT c0, length(c1), length(c3), c1599 FROM t ORDER BY 2, 1;'
SELECT c0, length(c1), length(c3), c1599 FROM t ORDER BY 2, 1;
\echo 'DELETE FROM t;'
DELETE FROM t;
\echo 'SELECT count(*) FROM t;'
SELECT count(*) FROM t;
\echo 'CREATE TABLE i8 (%s)'
SELECT format('CREATE TABLE i8 (%s)', (SELECT string_agg(replace('c# int8', '#', i::text), ', ' ORDER BY i) FROM generate_series(0, 1599) i)) \gexec
\echo 'INSERT INTO i8 (%s) VALUES (%s)'
SELECT format('INSERT INTO i8 (%s) VALUES (%s)', (SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(0, 899) i),(SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(0, 899) i)) \gexec
\echo 'SELECT count(*), sum(c10), sum(c899), sum(c1599) FROM i8;'
SELECT count(*), sum(c10), sum(c899), sum(c1599) FROM i8;
\echo 'SELECT count(*) FROM (SELECT %s OFFSET 0) s'
SELECT format('SELECT count(*) FROM (SELECT %s OFFSET 0) s', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1664) i)) \gexec
\echo 'SELECT count(*) FROM (SELECT %s OFFSET 0) s'
SELECT format('SELECT count(*) FROM (SELECT %s OFFSET 0) s', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1665) i)) \gexec
\echo 'SELECT %s'
SELECT format('SELECT %s', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1665) i)) \gexec
\echo 'SELECT 1 WHERE EXISTS (SELECT %s)'
SELECT format('SELECT 1 WHERE EXISTS (SELECT %s)', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1665) i)) \gexec
\echo 'INSERT INTO w (c0) SELECT 1 FROM (VALUES (%s)) v'
SELECT format('INSERT INTO w (c0) SELECT 1 FROM (VALUES (%s)) v', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1664) i)) \gexec
\echo 'INSERT INTO w (c0) SELECT 1 FROM (VALUES (%s)) v'
SELECT format('INSERT INTO w (c0) SELECT 1 FROM (VALUES (%s)) v', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1665) i)) \gexec
\echo 'INSERT INTO w VALUES (%s)'
SELECT format('INSERT INTO w VALUES (%s)', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1599) i)) \gexec
\echo 'INSERT INTO w VALUES (%s)'
SELECT format('INSERT INTO w VALUES (%s)', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1600) i)) \gexec
\echo 'INSERT INTO w VALUES (%s)'
SELECT format('INSERT INTO w VALUES (%s)', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1700) i)) \gexec
\echo 'CREATE VIEW v AS SELECT %s'
SELECT format('CREATE VIEW v AS SELECT %s', (SELECT string_agg(replace('# AS c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1600) i)) \gexec
\echo 'CREATE VIEW v1 AS SELECT %s'
SELECT format('CREATE VIEW v1 AS SELECT %s', (SELECT string_agg(replace('# AS c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1601) i)) \gexec
\echo 'CREATE VIEW v1 AS SELECT %s'
SELECT format('CREATE VIEW v1 AS SELECT %s', (SELECT string_agg(replace('# AS c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1665) i)) \gexec
\echo 'CREATE TABLE cta AS SELECT %s'
SELECT format('CREATE TABLE cta AS SELECT %s', (SELECT string_agg(replace('# AS c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1601) i)) \gexec
\echo 'SELECT count(*), sum(c1600) FROM v;'
SELECT count(*), sum(c1600) FROM v;
\echo 'SELECT ROW(%s) IS NULL'
SELECT format('SELECT ROW(%s) IS NULL', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1664) i)) \gexec
\echo 'SELECT ROW(%s) IS NULL'
SELECT format('SELECT ROW(%s) IS NULL', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 1665) i)) \gexec
\echo 'SELECT 1 FROM w WHERE false GROUP BY %s'
SELECT format('SELECT 1 FROM w WHERE false GROUP BY %s', (SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(6, 1500) i)) \gexec
\echo 'SELECT count(*) FROM (SELECT 1 FROM w ORDER BY %s) s'
SELECT format('SELECT count(*) FROM (SELECT 1 FROM w ORDER BY %s) s', (SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(6, 1500) i)) \gexec
\echo 'SELECT c0 FROM w ORDER BY %s'
SELECT format('SELECT c0 FROM w ORDER BY %s', (SELECT string_agg(replace('c#+1', '#', i::text), ', ' ORDER BY i) FROM generate_series(6, 1500) i)) \gexec
\echo 'SELECT 1 FROM w a, w b WHERE false ORDER BY %s, %s'
SELECT format('SELECT 1 FROM w a, w b WHERE false ORDER BY %s, %s', (SELECT string_agg(replace('a.c#+1', '#', i::text), ', ' ORDER BY i) FROM generate_series(6, 999) i),(SELECT string_agg(replace('b.c#+1', '#', i::text), ', ' ORDER BY i) FROM generate_series(6, 999) i)) \gexec
\echo 'CREATE INDEX x32 ON w (%s)'
SELECT format('CREATE INDEX x32 ON w (%s)', (SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(10, 41) i)) \gexec
\echo 'CREATE INDEX x33 ON w (%s)'
SELECT format('CREATE INDEX x33 ON w (%s)', (SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(10, 42) i)) \gexec
\echo 'CREATE INDEX x33i ON w (c20) INCLUDE (%s)'
SELECT format('CREATE INDEX x33i ON w (c20) INCLUDE (%s)', (SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(30, 61) i)) \gexec
\echo 'CREATE INDEX x32i ON w (c20) INCLUDE (%s)'
SELECT format('CREATE INDEX x32i ON w (c20) INCLUDE (%s)', (SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(30, 60) i)) \gexec
\echo 'ALTER TABLE w ADD UNIQUE (%s)'
SELECT format('ALTER TABLE w ADD UNIQUE (%s)', (SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(10, 42) i)) \gexec
\echo 'ALTER TABLE w ADD PRIMARY KEY (%s)'
SELECT format('ALTER TABLE w ADD PRIMARY KEY (%s)', (SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(10, 42) i)) \gexec
\echo 'CREATE TABLE pk33 (%s, PRIMARY KEY (%s))'
SELECT format('CREATE TABLE pk33 (%s, PRIMARY KEY (%s))', (SELECT string_agg(replace('c# int', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 40) i),(SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 33) i)) \gexec
\echo 'CREATE TABLE pk32 (%s, PRIMARY KEY (%s))'
SELECT format('CREATE TABLE pk32 (%s, PRIMARY KEY (%s))', (SELECT string_agg(replace('c# int', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 40) i),(SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 32) i)) \gexec
\echo 'CREATE TABLE fk32 (%s, FOREIGN KEY (%s) REFERENCES pk32)'
SELECT format('CREATE TABLE fk32 (%s, FOREIGN KEY (%s) REFERENCES pk32)', (SELECT string_agg(replace('c# int', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 40) i),(SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 32) i)) \gexec
\echo 'CREATE TABLE fk33 (%s, FOREIGN KEY (%s) REFERENCES pk32)'
SELECT format('CREATE TABLE fk33 (%s, FOREIGN KEY (%s) REFERENCES pk32)', (SELECT string_agg(replace('c# int', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 40) i),(SELECT string_agg(replace('c#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 33) i)) \gexec
\echo 'INSERT INTO pk32 VALUES (%s)'
SELECT format('INSERT INTO pk32 VALUES (%s)', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 40) i)) \gexec
\echo 'INSERT INTO pk32 VALUES (%s)'
SELECT format('INSERT INTO pk32 VALUES (%s)', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 40) i)) \gexec
\echo 'INSERT INTO fk32 VALUES (%s)'
SELECT format('INSERT INTO fk32 VALUES (%s)', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 40) i)) \gexec
\echo 'SELECT length(concat(%s))'
SELECT format('SELECT length(concat(%s))', (SELECT string_agg(replace('''a''', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 100) i)) \gexec
\echo 'SELECT length(concat(%s))'
SELECT format('SELECT length(concat(%s))', (SELECT string_agg(replace('''a''', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 101) i)) \gexec
\echo 'SELECT nosuch(%s)'
SELECT format('SELECT nosuch(%s)', (SELECT string_agg(replace('''a''', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 101) i)) \gexec
\echo 'SELECT length(json_build_array(%s)::text)'
SELECT format('SELECT length(json_build_array(%s)::text)', (SELECT string_agg(replace('1', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 101) i)) \gexec
\echo 'SELECT greatest(%s)'
SELECT format('SELECT greatest(%s)', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 3000) i)) \gexec
\echo 'SELECT coalesce(%s)'
SELECT format('SELECT coalesce(%s)', (SELECT string_agg(replace('NULL', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 3000) i)) \gexec
\echo 'SELECT 3000 IN (%s)'
SELECT format('SELECT 3000 IN (%s)', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 3000) i)) \gexec
\echo 'SELECT length((ARRAY[%s])::text)'
SELECT format('SELECT length((ARRAY[%s])::text)', (SELECT string_agg(replace('#', '#', i::text), ', ' ORDER BY i) FROM generate_series(1, 3000) i)) \gexec
