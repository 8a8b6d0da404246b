-- WHERE: predicates alone and combined, over every row shape
CREATE TABLE w (id int PRIMARY KEY, n int, s text, d date, f float8, m numeric(8,2), b bool);
INSERT INTO w VALUES
  (1, 10, 'apple', '2024-01-01', 1.5, 10.00, true),
  (2, 20, 'banana', '2024-02-01', 2.5, 20.50, false),
  (3, null, 'cherry', '2024-03-01', null, 30.99, null),
  (4, 40, null, null, 4.5, null, true),
  (5, 50, 'elder', '2024-05-01', -5.5, -50.00, false),
  (6, 20, 'fig', '2023-01-01', 0, 0, true);
SELECT id FROM w WHERE n = 20 ORDER BY id;
SELECT id FROM w WHERE n <> 20 ORDER BY id;
SELECT id FROM w WHERE n > 10 AND n < 50 ORDER BY id;
SELECT id FROM w WHERE n >= 20 AND n <= 40 ORDER BY id;
SELECT id FROM w WHERE n BETWEEN 10 AND 20 ORDER BY id;
SELECT id FROM w WHERE n NOT BETWEEN 10 AND 20 ORDER BY id;
SELECT id FROM w WHERE n IN (10, 50, 99) ORDER BY id;
SELECT id FROM w WHERE n NOT IN (10, 50) ORDER BY id;
SELECT id FROM w WHERE s IN ('apple', 'fig', null) ORDER BY id;
SELECT id FROM w WHERE s > 'b' ORDER BY id;
SELECT id FROM w WHERE s LIKE '%e%' AND NOT b ORDER BY id;
SELECT id FROM w WHERE d >= '2024-02-01' ORDER BY id;
SELECT id FROM w WHERE d BETWEEN '2024-01-01' AND '2024-03-31' ORDER BY id;
SELECT id FROM w WHERE f < 2 ORDER BY id;
SELECT id FROM w WHERE m = 20.5 ORDER BY id;
SELECT id FROM w WHERE m > n ORDER BY id;
SELECT id FROM w WHERE f = n ORDER BY id;
SELECT id FROM w WHERE b ORDER BY id;
SELECT id FROM w WHERE b IS NOT TRUE ORDER BY id;
SELECT id FROM w WHERE n = 20 OR s = 'apple' ORDER BY id;
SELECT id FROM w WHERE (n = 20 OR s = 'apple') AND b ORDER BY id;
SELECT id FROM w WHERE n = 20 OR s = 'apple' AND NOT b ORDER BY id;
SELECT id FROM w WHERE NOT (n = 20 OR s = 'apple') ORDER BY id;
SELECT id FROM w WHERE n IS NULL OR s IS NULL ORDER BY id;
SELECT id FROM w WHERE n + id > 25 ORDER BY id;
SELECT id FROM w WHERE n % 20 = 0 ORDER BY id;
SELECT id FROM w WHERE length(s) = 5 ORDER BY id;
SELECT id FROM w WHERE upper(s) = 'FIG';
SELECT id FROM w WHERE extract(year FROM d) = 2023;
SELECT id FROM w WHERE id = 3;
SELECT id FROM w WHERE id = 3 AND n IS NULL;
SELECT id FROM w WHERE id = 99;
SELECT id FROM w WHERE id = 1 AND id = 2;
SELECT id FROM w WHERE id > 2 AND id > 4 ORDER BY id;
SELECT id FROM w WHERE id < 3 OR id > 5 ORDER BY id;
SELECT id FROM w WHERE id IN (6, 1, 1, 99) ORDER BY id;
SELECT id FROM w WHERE 3 < id ORDER BY id;
SELECT id FROM w WHERE id = '4';
SELECT id FROM w WHERE true ORDER BY id LIMIT 2;
SELECT id FROM w WHERE false;
SELECT id FROM w WHERE null;
SELECT id FROM w WHERE 1 = 1 AND 2 > 1 ORDER BY id LIMIT 1;
SELECT id FROM w WHERE n = 'abc';
SELECT id FROM w WHERE n = 'x'::text;
SELECT id FROM w WHERE s = 5;
SELECT id FROM w WHERE n;
SELECT id FROM w WHERE d = '2024-99-99';
SELECT id AS k FROM w WHERE k = 1;
SELECT id FROM w WHERE count(*) > 1;
