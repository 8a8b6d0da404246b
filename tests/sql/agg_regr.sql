-- statistics of pairs
CREATE TABLE p (g int, y float8, x float8);
INSERT INTO p VALUES (1, 1, 2), (1, 3, 4.5), (1, 2.5, 6), (2, 7, 1), (2, NULL, 3), (2, 5, NULL), (3, 1, 1), (3, 1, 1);
SELECT corr(y, x), covar_pop(y, x), covar_samp(y, x) FROM p;
SELECT regr_count(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x) FROM p;
SELECT regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x) FROM p;
SELECT g, corr(y, x), covar_pop(y, x), covar_samp(y, x), regr_count(y, x) FROM p GROUP BY g ORDER BY g;
SELECT g, regr_slope(y, x), regr_intercept(y, x), regr_r2(y, x), regr_avgx(y, x) FROM p GROUP BY g ORDER BY g;
SELECT corr(y, x), regr_count(y, x), regr_sxx(y, x), covar_samp(y, x) FROM p WHERE false;
SELECT corr(y, x), regr_sxy(y, x), regr_avgy(y, x) FROM (VALUES (1::float8, 'inf'::float8), (2, 3)) v (y, x);
SELECT covar_pop(y, x), regr_syy(y, x) FROM (VALUES ('nan'::float8, 1::float8), (2, 3)) v (y, x);
SELECT covar_pop(y, x) FROM (VALUES (1e200::float8, 1e200::float8), (-1e200, -1e200)) v (y, x);
SELECT corr(y::int, x::int), regr_slope(1, 2) FROM p;
