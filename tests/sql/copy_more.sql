-- COPY: WHERE, files of the server, the binary format.
\! rm -f /tmp/dassie-copy-test.bin /tmp/dassie-copy-test.csv
CREATE TABLE t (id int, name text, at timestamptz, n numeric, ok bool DEFAULT true, CHECK (id < 1000));
COPY t (id, name) FROM STDIN WHERE id > 1 AND name IS NOT NULL;
1	one
2	two
3	\N
4	four
\.
SELECT id, name, ok FROM t;
COPY t (id, name) FROM STDIN WHERE ok IS NULL;
5	five
\.
COPY t (id, name) FROM STDIN WHERE nosuch > 1;
COPY t (id, name) FROM STDIN WHERE name;
COPY t (id, name) FROM STDIN WHERE count(*) > 1;
COPY t (id, name) FROM STDIN WHERE id IN (SELECT 1);
COPY t TO STDOUT WHERE id > 1;
INSERT INTO t VALUES (7, 'sEven', '2024-02-03 04:05:06+00', 1234567.891, NULL), (8, NULL, 'infinity', 'NaN', false),
    (9, '', '-infinity', -0.00001, true);
COPY t TO '/tmp/dassie-copy-test.bin' WITH (FORMAT binary);
CREATE TABLE u (id int, name text, at timestamptz, n numeric, ok bool);
COPY u FROM '/tmp/dassie-copy-test.bin' WITH (FORMAT binary);
SELECT * FROM u ORDER BY id;
SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM u) x;
COPY u (id) FROM '/tmp/dassie-copy-test.bin' WITH (FORMAT binary);
COPY u (name, id, at, n, ok) FROM '/tmp/dassie-copy-test.bin' WITH (FORMAT binary);
COPY (SELECT 1, 'x'::text WHERE false) TO '/tmp/dassie-copy-test.bin' WITH BINARY;
CREATE TABLE none (a int, b text);
COPY none FROM '/tmp/dassie-copy-test.bin' (FORMAT binary);
SELECT count(*) FROM none;
COPY t TO '/tmp/dassie-copy-test.csv' WITH (FORMAT csv, HEADER);
COPY none FROM '/tmp/dassie-copy-test.csv' WITH (FORMAT csv, HEADER);
TRUNCATE u;
COPY u FROM '/tmp/dassie-copy-test.csv' WITH (FORMAT csv, HEADER match) WHERE id > 7;
SELECT id, name FROM u ORDER BY id;
COPY t FROM '/tmp/dassie-copy-test.csv' WITH (FORMAT binary);
COPY t FROM '/tmp/dassie-no-such-file';
COPY t FROM '/tmp';
COPY t TO 'relative.csv';
COPY t TO '/tmp/dassie-no-such-dir/file';
COPY t TO '/tmp';
COPY (SELECT 1) TO '/tmp/dassie-copy-test.csv' WITH (FORMAT binary, HEADER);
COPY (SELECT 1) TO '/tmp/dassie-copy-test.csv' WITH (FORMAT binary, DELIMITER ',');
\! rm -f /tmp/dassie-copy-test.bin /tmp/dassie-copy-test.csv
