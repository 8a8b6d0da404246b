-- Scalar sub-queries that depend on the outer row by one equality, over few and many outer rows.
CREATE TABLE ok (id int, grp int8, name text);
CREATE TABLE ol (oid_ int, v int, w numeric, t text, g int2);
INSERT INTO ok SELECT g, CASE WHEN g % 7 = 0 THEN NULL ELSE g % 20 END, 'n' || g FROM generate_series(1, 3000) g;
INSERT INTO ol SELECT g % 2000, g, g / 10.0, 't' || g, g % 15 FROM generate_series(1, 6000) g;
INSERT INTO ol VALUES (NULL, 5, 5, 'null key', NULL), (1, NULL, NULL, NULL, 1);
SELECT count(*), sum(c), min(c), max(c) FROM (SELECT (SELECT count(*) FROM ol WHERE oid_ = ok.id) c FROM ok) x;
SELECT count(*), sum(c), count(c) FROM (SELECT (SELECT sum(v) FROM ol WHERE oid_ = ok.id) c FROM ok) x;
SELECT count(*), sum(c), count(c) FROM (SELECT (SELECT coalesce(sum(v), -1) FROM ol WHERE oid_ = ok.id AND v > 100) c FROM ok) x;
SELECT count(*), sum(c), count(c) FROM (SELECT (SELECT count(v) + count(*) * 1000 FROM ol WHERE ok.id = oid_) c FROM ok) x;
SELECT count(*), min(c), max(c), count(c) FROM (SELECT (SELECT max(t) FROM ol WHERE oid_ = ok.id) c FROM ok) x;
SELECT count(*), min(c), max(c), count(c) FROM (SELECT (SELECT 'none: ' || count(*) || coalesce(min(t), ' of them') FROM ol WHERE oid_ = ok.id + 0) c FROM ok) x;
SELECT count(*), min(c), max(c), count(c) FROM (SELECT (SELECT 'there: ' || count(*) || coalesce(min(t), ' of them, really none') FROM ol WHERE oid_ = ok.id) c FROM ok) x;
SELECT count(*), sum(c) FROM (SELECT (SELECT count(*) FROM ol WHERE g = ok.grp) c FROM ok) x;
SELECT count(*), sum(c) FROM (SELECT (SELECT avg(w) FROM ol WHERE ol.oid_ = ok.id) c FROM ok) x;
SELECT id, (SELECT count(*) FROM ol WHERE oid_ = ok.id), (SELECT min(t) FROM ol WHERE oid_ = ok.id) FROM ok WHERE id IN (1, 7, 1999, 2000, 2001) ORDER BY id;
-- In WHERE, ORDER BY, UPDATE.
SELECT count(*) FROM ok WHERE (SELECT count(*) FROM ol WHERE oid_ = ok.id) = 3;
SELECT count(*) FROM ok WHERE (SELECT sum(v) FROM ol WHERE oid_ = ok.id) IS NULL;
SELECT id FROM ok ORDER BY (SELECT sum(v) FROM ol WHERE oid_ = ok.id) DESC NULLS LAST, id LIMIT 3;
UPDATE ok SET name = (SELECT max(t) FROM ol WHERE oid_ = ok.id) WHERE id % 2 = 0;
SELECT count(*), count(name), min(name), max(name) FROM ok;
-- Without an aggregate: one row for each key, or an error for a key that is asked for.
CREATE TABLE od (k int, d text);
INSERT INTO od SELECT g, 'd' || g FROM generate_series(1, 2500) g;
SELECT count(*), count(c), min(c), max(c) FROM (SELECT (SELECT d FROM od WHERE k = ok.id) c FROM ok) x;
INSERT INTO od VALUES (2999, 'a'), (2999, 'b'), (99999, 'a'), (99999, 'b');
SELECT count(*), count(c) FROM (SELECT (SELECT d FROM od WHERE k = ok.id) c FROM ok WHERE id < 2999) x;
SELECT count(*), count(c) FROM (SELECT (SELECT d FROM od WHERE k = ok.id) c FROM ok) x;
-- An error in a group that nobody asks for is none.
INSERT INTO ol VALUES (-5, 0, 0, 'zero', 0);
SELECT count(*), sum(c) FROM (SELECT (SELECT sum(1000 / v) FROM ol WHERE oid_ = ok.id) c FROM ok) x;
SELECT count(*), sum(c) FROM (SELECT (SELECT sum(1000 / v) FROM ol WHERE oid_ = ok.id - 6) c FROM ok) x;
-- Two levels.
SELECT count(*), sum(c) FROM (SELECT (SELECT sum((SELECT count(*) FROM od WHERE k = ol.v)) FROM ol WHERE oid_ = ok.id) c FROM ok WHERE id < 300) x;
DROP TABLE ok, ol, od;
