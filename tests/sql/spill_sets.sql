-- Set operations and RETURNING beyond what one step may hold in memory; work_mem is the session's.
SHOW work_mem;
SET work_mem = '64kB';
SHOW work_mem;
CREATE TABLE sp (a int, b text);
INSERT INTO sp SELECT g % 90000, 'some text of row ' || g % 90000 FROM generate_series(1, 180000) g;
SELECT count(*), min(a), max(a), count(DISTINCT b) FROM (SELECT a, b FROM sp INTERSECT SELECT a * 2, 'some text of row ' || a * 2 FROM sp) x;
SELECT count(*), sum(a) FROM (SELECT a, b FROM sp EXCEPT SELECT a * 2, 'some text of row ' || a * 2 FROM sp) x;
SELECT count(*), sum(a) FROM (SELECT a, b FROM sp INTERSECT ALL SELECT a, b FROM sp WHERE a % 3 = 0) x;
SELECT count(*), sum(a) FROM (SELECT a, b FROM sp EXCEPT ALL (SELECT DISTINCT a, b FROM sp WHERE a % 3 = 0)) x;
SELECT count(*) FROM (SELECT a, b FROM sp EXCEPT SELECT a, b FROM sp) x;
SELECT a, b FROM sp INTERSECT SELECT a, b FROM sp ORDER BY a, b LIMIT 3;
WITH w AS (UPDATE sp SET a = a + 1 RETURNING a, b, 'more of the same text ' || b AS c) SELECT count(*), sum(a), max(c) FROM w;
WITH w AS (DELETE FROM sp RETURNING a, b, 'more of the same text ' || b AS c) SELECT count(*), sum(a), max(c) FROM w;
WITH w AS (INSERT INTO sp SELECT g, 'x' || g FROM generate_series(1, 150000) g RETURNING a, b || b || b || b AS c) SELECT count(*), sum(a), max(c) FROM w;
SELECT count(*) FROM sp;
RESET work_mem;
SHOW work_mem;
DROP TABLE sp;
