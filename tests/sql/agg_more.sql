-- aggregates beyond count, sum, avg, min and max
CREATE TABLE a (i int, n numeric, f float8, t text, b bool, d date);
SELECT bool_and(b), every(b), bit_or(i), string_agg(t, ','), stddev(n), variance(f) FROM a;
INSERT INTO a VALUES (1, 1.5, 1.5, 'x', true, '2024-01-01'), (2, 2.5, 2.5, 'y', false, '2024-01-02'), (3, null, null, null, null, null), (6, 4.25, 4.25, 'w', true, '2023-01-01');
SELECT bool_and(b), bool_or(b), every(b) FROM a;
SELECT bit_and(i), bit_or(i), bit_xor(i) FROM a;
SELECT string_agg(t, ',' ORDER BY t), string_agg(t, '-' ORDER BY i DESC), string_agg(DISTINCT t, ';') FROM a;
SELECT stddev(i), variance(i), stddev_pop(i), var_pop(i), stddev_samp(i), var_samp(i) FROM a;
SELECT stddev(n), variance(n), stddev_pop(n), var_pop(n) FROM a;
SELECT stddev(f), variance(f), stddev_pop(f), var_pop(f) FROM a;
SELECT stddev(n), variance(f), stddev_pop(n), var_pop(f) FROM a WHERE i = 1;
SELECT covar_pop(f, i), corr(f, i), regr_count(f, i) FROM a;
SELECT string_agg(t) FROM a;
SELECT bool_and(i) FROM a;
