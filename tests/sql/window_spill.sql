-- server: --set work_mem=64kB
-- window functions whose rows do not fit into memory
CREATE TABLE big (k int, g int, pad text);
INSERT INTO big SELECT k, k % 3, repeat('x', 300) || k FROM generate_series(1, 40000) k;
SELECT count(*), sum(length(pad)), sum(rn), max(s) FROM (SELECT pad, row_number() OVER (PARTITION BY g ORDER BY k DESC) AS rn, sum(k) OVER (PARTITION BY g ORDER BY k) AS s FROM big) q;
SELECT k, rn, right(pad, 6) FROM (SELECT k, pad, rank() OVER (ORDER BY g, k) AS rn FROM big) q WHERE rn % 9999 = 1 ORDER BY rn;
