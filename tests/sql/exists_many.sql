-- EXISTS and NOT EXISTS asked for many outer rows: answered from the inner column once it pays.
CREATE TABLE ex_big (id int, k int, v bigint, s text);
CREATE TABLE ex_small (k int, w smallint, s text);
INSERT INTO ex_big SELECT i, CASE WHEN i % 10 = 0 THEN NULL ELSE i % 37 END, i % 50,
    CASE WHEN i % 9 = 0 THEN NULL ELSE 's' || i % 23 END FROM generate_series(1, 5000) i;
INSERT INTO ex_small SELECT CASE WHEN i % 8 = 0 THEN NULL ELSE i END, i % 5, 's' || i FROM generate_series(1, 30) i;
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT 1 FROM ex_small s WHERE s.k = b.k);
SELECT count(*), sum(id) FROM ex_big b WHERE NOT EXISTS (SELECT 1 FROM ex_small s WHERE s.k = b.k);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT * FROM ex_small s WHERE b.k = s.k AND s.w > 2);
SELECT count(*), sum(id) FROM ex_big b WHERE NOT EXISTS (SELECT * FROM ex_small s WHERE b.k = s.k AND s.w > 2);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT 1 FROM ex_small s WHERE s.w = b.v);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT 1 FROM ex_small s WHERE s.s = b.s AND s.k IS NOT NULL);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT 1 FROM ex_small s WHERE s.k = b.k AND s.w = b.v);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT 1 FROM ex_small s WHERE s.k = b.k AND s.w < b.id % 4);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT 1 FROM ex_small s WHERE s.k = b.k OR s.w = b.v);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT 1 FROM ex_small s WHERE s.k = b.k LIMIT 0);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT max(w) FROM ex_small s WHERE s.k = b.k);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT 1 FROM ex_small s WHERE s.k = b.k GROUP BY w HAVING count(*) > 1);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT 1 FROM ex_small s JOIN ex_small t ON s.w = t.w AND t.k < 3 WHERE s.k = b.k);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS (SELECT 1 FROM ex_small s LEFT JOIN ex_small t ON s.k = t.k + 20 WHERE t.k = b.k);
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS
    (SELECT 1 FROM ex_small s WHERE s.k = b.k AND EXISTS (SELECT 1 FROM ex_small t WHERE t.w = s.w AND t.k > 20));
SELECT count(*), sum(id) FROM ex_big b WHERE EXISTS
    (SELECT 1 FROM ex_small s WHERE s.k = b.k AND EXISTS (SELECT 1 FROM ex_small t WHERE t.k = b.v));
SELECT k, (SELECT count(*) FROM ex_big b WHERE b.k = s.k AND EXISTS (SELECT 1 FROM ex_small t WHERE t.w = b.v AND t.k > s.k))
    FROM ex_small s ORDER BY k;
SELECT count(*) FROM ex_small s WHERE EXISTS (SELECT 1 FROM ex_big b WHERE b.k = s.k AND b.v = 7);
SELECT count(*) FROM ex_small s WHERE NOT EXISTS (SELECT 1 FROM ex_big b WHERE b.k = s.k AND b.v = 7);
SELECT EXISTS (SELECT 1 FROM ex_small s WHERE s.k = b.k) AS e, count(*) FROM ex_big b GROUP BY 1 ORDER BY 1;
CREATE INDEX ON ex_big (k);
SELECT count(*) FROM ex_small s WHERE EXISTS (SELECT 1 FROM ex_big b WHERE b.k = s.k AND b.v = 7);
SELECT count(*), sum(id) FROM ex_big x WHERE EXISTS (SELECT 1 FROM ex_big b WHERE b.k = x.v AND b.id < 400);
DELETE FROM ex_big b WHERE NOT EXISTS (SELECT 1 FROM ex_small s WHERE s.k = b.k);
SELECT count(*), sum(id) FROM ex_big;
UPDATE ex_big b SET v = -1 WHERE EXISTS (SELECT 1 FROM ex_small s WHERE s.k = b.k AND s.w = 3);
SELECT count(*), sum(v) FROM ex_big;
SELECT count(*) FROM ex_big WHERE k IN (SELECT w FROM ex_small);
SELECT count(*) FROM ex_big WHERE v NOT IN (SELECT k FROM ex_small WHERE k IS NOT NULL);
SELECT count(*) FROM ex_big WHERE v NOT IN (SELECT k FROM ex_small);
SELECT count(*) FROM ex_big WHERE s IN (SELECT s FROM ex_small);
DROP TABLE ex_big, ex_small;
