-- btree_gin: plain columns beside arrays and jsonb in inverted indexes.
CREATE EXTENSION btree_gin;
CREATE TABLE doc (id int, kind text, at date, tags text[], body jsonb);
INSERT INTO doc SELECT i, 'k' || i % 5, date '2026-01-01' + i % 10, ARRAY['t' || i % 7, 't' || i % 11], jsonb_build_object('n', i % 4)
FROM generate_series(1, 500) i;
CREATE INDEX doc_gin ON doc USING gin (kind, at, tags, body);
CREATE INDEX doc_id ON doc USING gin (id);
ANALYZE doc;
SELECT count(*) FROM doc WHERE kind = 'k3' AND tags @> '{t5}';
SELECT count(*) FROM doc WHERE kind = 'k3' AND at = '2026-01-04' AND body @> '{"n": 1}';
SELECT count(*) FROM doc WHERE kind = 'none';
SELECT id FROM doc WHERE id = 77;
SELECT count(*) FROM doc WHERE id < 20;
UPDATE doc SET kind = 'new' WHERE id = 77;
SELECT id FROM doc WHERE kind = 'new';
DELETE FROM doc WHERE kind = 'new';
SELECT count(*) FROM doc WHERE kind = 'new';
\d doc
CREATE INDEX ON doc USING gin (kind text_ops);
CREATE INDEX ON doc USING gin (kind nosuch_ops);
SELECT opcname, opcintype::regtype, opcdefault FROM pg_opclass WHERE oid >= 16384 ORDER BY opcname COLLATE "C";
DROP EXTENSION btree_gin;
DROP EXTENSION btree_gin CASCADE;
CREATE INDEX ON doc USING gin (id);
