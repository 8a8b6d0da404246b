-- server: --set work_mem=64kB
-- Sorts, aggregations, joins and what keeps rows over more of them than memory is given; the same answers at any work_mem.
CREATE TABLE s (id int PRIMARY KEY, k int, t text, n numeric);
INSERT INTO s SELECT g, (g * 7919) % 100003, CASE WHEN g % 11 = 0 THEN NULL ELSE 'text number ' || (g * 31) % 50021 || repeat('x', g % 40) END, g * 1.5 FROM generate_series(1, 60000) g;
SELECT count(*), sum(id), min(rn), max(rn) FROM (SELECT id, k AS rn FROM s ORDER BY k DESC, id) q;
SELECT id, k FROM s ORDER BY k, id OFFSET 30000 LIMIT 5;
SELECT id, t FROM s ORDER BY t NULLS FIRST, id OFFSET 40000 LIMIT 5;
SELECT id, n FROM s ORDER BY t DESC NULLS LAST, n DESC OFFSET 54000 LIMIT 3;
SELECT count(*), sum(c), sum(h) FROM (SELECT k, count(*) AS c, sum(id) AS h FROM s GROUP BY k) q;
SELECT count(*), sum(c), min(m) FROM (SELECT t, count(*) AS c, max(n) AS m FROM s GROUP BY t) q;
SELECT count(*), sum(c) FROM (SELECT t, k % 10 AS d, count(DISTINCT id) AS c FROM s GROUP BY t, k % 10) q;
SELECT t, k % 10 AS d, count(*), sum(n) FROM s GROUP BY t, k % 10 ORDER BY t, d, count OFFSET 20000 LIMIT 4;
SELECT count(*) FROM (SELECT DISTINCT t, id FROM s) q;
SELECT count(*), sum(a.id), sum(b.n) FROM s a JOIN s b ON a.k = b.id;
SELECT count(*), count(b.id), sum(a.id) FROM s a LEFT JOIN s b ON a.t = b.t AND a.id < b.id;
SELECT count(*), count(a.id), count(b.id) FROM s a FULL JOIN s b ON a.k = b.id + 30000;
SELECT count(*), sum(id) FROM s a WHERE EXISTS (SELECT 1 FROM s b WHERE b.t = a.t AND b.id <> a.id);
SELECT count(*), sum(id) FROM s a WHERE NOT EXISTS (SELECT 1 FROM s b WHERE b.k = a.id);
SELECT count(*), sum(id) FROM s WHERE t IN (SELECT t FROM s WHERE k < 50000);
SELECT count(*) FROM (SELECT t FROM s WHERE id < 5000 EXCEPT SELECT t FROM s WHERE k > 1000) q;
SELECT count(*) FROM (SELECT t, id FROM s WHERE id < 5000 INTERSECT SELECT t, id FROM s WHERE k > 1000) q;
SELECT count(*) FROM (SELECT t, n FROM s UNION SELECT t, n FROM s WHERE k > 1000) q;
WITH w AS (SELECT * FROM s WHERE k > 10) SELECT count(*), sum(a.id) FROM w a JOIN w b ON a.id = b.k;
SELECT a.id, a.k, b.t FROM s a JOIN s b ON a.k = b.id WHERE a.id % 20000 = 3 ORDER BY a.id;
SELECT md5(string_agg(t, ',' ORDER BY k, id)) FROM s;
SELECT count(*), sum(x.id) FROM (SELECT * FROM s OFFSET 0) x, (VALUES (1), (2), (3)) v (n) WHERE x.k % 3 < v.n;
SELECT v.n, (SELECT count(*) FROM (WITH w AS (SELECT id, t FROM s WHERE k > v.n) SELECT a.id FROM w a, w b WHERE a.id = b.id) q) FROM (VALUES (10), (50000)) v (n) ORDER BY 1;
WITH RECURSIVE r (n, pad) AS (SELECT 1, repeat('a', 100) UNION ALL SELECT n + 1, pad FROM r WHERE n < 60000) SELECT count(*), sum(n), max(length(pad)) FROM r;
