-- row values: construction, comparison, IN, whole-row references
CREATE TABLE t (a int, b text);
INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three');
CREATE TABLE n (id int, a int, b text);
INSERT INTO n VALUES (1, 1, 'x'), (2, null, 'y'), (3, 3, null), (4, null, null);
SELECT (a, b) FROM t ORDER BY a;
SELECT t FROM t ORDER BY a;
SELECT (1, null) IS NULL, (null, null) IS NULL, (1, 2) IS NOT NULL, (1, null) IS NOT NULL, (1, 2) = (1, 2), (1, null) = (1, 2), (2, null) = (1, 2), (1, 2) < (1, 3), (1, null) < (2, null);
SELECT id FROM n WHERE (id, b) = (1, 'x');
SELECT id FROM n WHERE (id, a) > (1, 0) ORDER BY id;
SELECT id FROM n WHERE (id, b) IN ((1, 'x'), (2, 'z'), (4, null)) ORDER BY id;
SELECT ROW(1, 'x', null), ROW(), (1, 2);
SELECT (t).b FROM t ORDER BY 1;
SELECT (t.*) FROM t ORDER BY a;
SELECT id FROM n WHERE (id, a) IN (SELECT a, a FROM t) ORDER BY id;
SELECT id FROM n WHERE (id, b) NOT IN (SELECT a, b FROM t) ORDER BY id;
SELECT (1, 2) = (1, 2, 3);
SELECT ROW(1, 2).f3;
SELECT (t).nosuch FROM t;
