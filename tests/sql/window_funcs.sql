-- window functions
CREATE TABLE w (id int, g text, v int);
INSERT INTO w VALUES (1, 'a', 10), (2, 'a', 20), (3, 'b', 5), (4, 'b', 5), (5, 'b', null);
SELECT id, row_number() OVER (ORDER BY id) FROM w ORDER BY id;
SELECT id, rank() OVER (PARTITION BY g ORDER BY v), dense_rank() OVER (ORDER BY g) FROM w ORDER BY id;
SELECT id, sum(v) OVER (PARTITION BY g), sum(v) OVER (ORDER BY id), count(*) OVER () FROM w ORDER BY id;
SELECT id, lag(v) OVER (ORDER BY id), lead(v, 2, -1) OVER (ORDER BY id), first_value(v) OVER (PARTITION BY g ORDER BY id) FROM w ORDER BY id;
SELECT id FROM w WHERE row_number() OVER () = 1;
INSERT INTO w SELECT k, CASE WHEN k % 4 = 0 THEN NULL ELSE chr(97 + k % 3) END, k * 7 % 10 FROM generate_series(6, 30) k;
SELECT id, row_number() OVER w, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w, ntile(3) OVER w FROM w
    WINDOW w AS (PARTITION BY g ORDER BY v) ORDER BY g, v, id LIMIT 0;
SELECT id, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w, ntile(3) OVER (w ORDER BY v, id) FROM w
    WINDOW w AS (PARTITION BY g), w2 AS (w ORDER BY v) ORDER BY id;
SELECT id, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w FROM w WINDOW w AS (PARTITION BY g ORDER BY v) ORDER BY id;
SELECT ntile(4) OVER (ORDER BY id), ntile(40) OVER (ORDER BY id), ntile(NULL) OVER (ORDER BY id) FROM w ORDER BY id;
SELECT id, lag(id, 0) OVER o, lag(id, -1) OVER o, lead(id, NULL) OVER o, lag(g, 3, 'none') OVER o, lead(v::numeric, 1, 0.5) OVER o, lag(v, id % 3) OVER o FROM w WINDOW o AS (ORDER BY id) ORDER BY id;
SELECT id, first_value(g) OVER o, last_value(g) OVER o, nth_value(g, 2) OVER o, last_value(v) OVER (ORDER BY g RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) IS NULL FROM w WINDOW o AS (PARTITION BY g ORDER BY id) ORDER BY id;
-- over aggregates, in ORDER BY, DISTINCT, sub-queries
SELECT g, count(*), sum(count(*)) OVER (), sum(sum(v)) OVER (ORDER BY g), rank() OVER (ORDER BY count(*) DESC, g) FROM w GROUP BY g ORDER BY g;
SELECT count(*), sum(count(*)) OVER () FROM w;
SELECT g, rank() OVER (ORDER BY avg(v)) FROM w GROUP BY g HAVING count(*) > 2 ORDER BY 2, 1;
SELECT DISTINCT g, count(*) OVER (PARTITION BY g) FROM w ORDER BY g;
SELECT DISTINCT ON (g) g, id, row_number() OVER (PARTITION BY g ORDER BY v, id) FROM w ORDER BY g, id;
SELECT id FROM w ORDER BY row_number() OVER (ORDER BY v DESC, id) LIMIT 5;
SELECT id, 1 + sum(v) OVER (ORDER BY id) * 2 FROM w ORDER BY sum(v) OVER (ORDER BY id) DESC, id LIMIT 5;
SELECT * FROM (SELECT id, g, row_number() OVER (PARTITION BY g ORDER BY id) AS rn FROM w) q WHERE rn = 2 ORDER BY id;
SELECT (SELECT max(r) FROM (SELECT rank() OVER (ORDER BY i) AS r FROM generate_series(1, w.id) i) q) FROM w WHERE id < 5 ORDER BY id;
SELECT id FROM w WHERE EXISTS (SELECT row_number() OVER () FROM w w2 WHERE w2.id = w.id + 1) AND id > 25 ORDER BY id;
SELECT row_number() OVER (ORDER BY id), rank() OVER (ORDER BY g, id), sum(v) OVER (PARTITION BY g ORDER BY id), count(*) OVER (PARTITION BY v), id FROM w ORDER BY id;
SELECT sum(v) OVER w, avg(v) OVER w, min(v) OVER w, max(g) OVER w, count(g) OVER w, string_agg(g, '') OVER w FROM w WHERE id < 8 WINDOW w AS (ORDER BY id) ORDER BY id;
-- order of rows without ORDER BY follows the last window's sort
SELECT id, rank() OVER (ORDER BY id DESC) FROM w WHERE id < 6;
SELECT id, rank() OVER (ORDER BY g, id), row_number() OVER (ORDER BY g, id DESC) FROM w WHERE id < 6;
WITH q AS (SELECT id, lag(id) OVER (ORDER BY id) AS p FROM w) SELECT count(*) FROM q WHERE id - p = 1;
SELECT count(*) FROM (SELECT sum(k) OVER (PARTITION BY k / 3 ORDER BY k) AS s FROM generate_series(1, 5000) k) q WHERE s > 100;
SELECT k, sum(k) OVER (ORDER BY k), count(*) OVER (PARTITION BY k / 2000) FROM generate_series(1, 6000) k ORDER BY k OFFSET 1995 LIMIT 6;
SELECT max(s), min(s), count(DISTINCT s) FROM (SELECT sum(k % 7) OVER (ORDER BY k ROWS BETWEEN 100 PRECEDING AND 50 FOLLOWING) AS s FROM generate_series(1, 5000) k) q;
INSERT INTO w SELECT id + 100, g, row_number() OVER (ORDER BY id) FROM w;
SELECT count(*), max(v) FROM w WHERE id > 100;
UPDATE w SET v = q.r FROM (SELECT id AS i, rank() OVER (ORDER BY id DESC) AS r FROM w) q WHERE q.i = id AND id < 4 RETURNING id, v;
