-- ORDER BY over more rows than a batch: keys of all widths, NULLs, descending, ties, with and without LIMIT.
CREATE TABLE o (id int, a int, b bigint, c smallint, d date, t text, f float8);
INSERT INTO o SELECT i, CASE WHEN i % 11 = 0 THEN NULL ELSE (i * 7919) % 1009 - 500 END,
    CASE WHEN i % 13 = 0 THEN NULL ELSE ((i * 104729) % 1000003 - 500000) * 10000000000 END,
    (i % 7 - 3)::smallint, date '2000-01-01' + (i * 31) % 400,
    CASE WHEN i % 17 = 0 THEN NULL ELSE repeat('same beginning ', i % 3) || (i * 7919) % 5003 END, ((i * 37) % 501) / 8.0
    FROM generate_series(1, 6000) i;
SELECT id, a, b FROM o ORDER BY a, b LIMIT 12;
SELECT id, a, b FROM o ORDER BY a DESC, b, id LIMIT 12;
SELECT id, a, b FROM o ORDER BY a NULLS FIRST, b DESC NULLS LAST, id DESC LIMIT 12;
SELECT id, c, d FROM o ORDER BY c DESC, d, id LIMIT 9 OFFSET 900;
SELECT id, t FROM o ORDER BY t, id LIMIT 12;
SELECT id, t FROM o ORDER BY t DESC, id LIMIT 12 OFFSET 400;
SELECT id, f, c FROM o ORDER BY f, c, id LIMIT 10;
SELECT id FROM o ORDER BY b LIMIT 0;
SELECT id FROM o ORDER BY d DESC, b DESC NULLS LAST, id LIMIT 1;
SELECT md5(string_agg(id::text, ',')) FROM (SELECT id FROM o ORDER BY a, b, id) x;
SELECT md5(string_agg(id::text, ',')) FROM (SELECT id FROM o ORDER BY t DESC NULLS LAST, id DESC) x;
SELECT md5(string_agg(id::text, ',')) FROM (SELECT id FROM o ORDER BY c, d DESC, a NULLS FIRST, b, id) x;
SELECT md5(string_agg(id::text, ',')) FROM (SELECT id FROM o ORDER BY f DESC, t, id LIMIT 3000) x;
SELECT md5(string_agg(id::text, ',')) FROM (SELECT id FROM o ORDER BY b DESC, id LIMIT 2500 OFFSET 100) x;
SELECT count(*), sum(x.id), sum(y.id), count(y.t) FROM o x JOIN o y ON x.a = y.c;
SELECT count(*), sum(x.id), sum(y.id), count(y.t) FROM o x LEFT JOIN o y ON x.a = y.id + 5500 AND y.c > 0;
SELECT count(*), sum(x.id), sum(y.id), count(y.t) FROM o x FULL JOIN o y ON x.b = y.b;
SELECT count(*), count(DISTINCT a), count(DISTINCT b), count(DISTINCT t) FROM o;
SELECT a, count(*), sum(id) FROM o GROUP BY a ORDER BY count(*) DESC, a LIMIT 5;
SELECT count(*) FROM (SELECT b, c FROM o GROUP BY b, c) x;
DROP TABLE o;
