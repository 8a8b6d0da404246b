-- money
SELECT '12.345'::money, '$1,234.56'::money, '-5'::money, '(3.50)'::money, '0.005'::money, '-$7'::money;
SELECT 'x'::money;
SELECT '99999999999999999999'::money;
CREATE TABLE mt (a money);
INSERT INTO mt VALUES (1.5), ('2.25'), (100::int), (NULL);
SELECT * FROM mt ORDER BY a;
SELECT a + '1', a - '1', a * 2, 2 * a, a * 1.5::float8, a / 2, a / 3.0::float8, a / '0.5'::money FROM mt ORDER BY a;
SELECT '1'::money / 0;
SELECT a::numeric AS n, a::text AS t, 12.345::numeric::money AS m, 7::bigint::money AS b FROM mt ORDER BY mt.a;
SELECT sum(a) FROM mt;
SELECT max(a), min(a) FROM mt;
SELECT a FROM mt WHERE a > '2';
CREATE INDEX ON mt (a);
COPY (SELECT a FROM mt ORDER BY a) TO stdout;
