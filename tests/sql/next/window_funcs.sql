-- window functions
CREATE TABLE w (id int, g text, v int);
INSERT INTO w VALUES (1, 'a', 10), (2, 'a', 20), (3, 'b', 5), (4, 'b', 5), (5, 'b', null);
SELECT id, row_number() OVER (ORDER BY id) FROM w ORDER BY id;
SELECT id, rank() OVER (PARTITION BY g ORDER BY v), dense_rank() OVER (ORDER BY g) FROM w ORDER BY id;
SELECT id, sum(v) OVER (PARTITION BY g), sum(v) OVER (ORDER BY id), count(*) OVER () FROM w ORDER BY id;
SELECT id, lag(v) OVER (ORDER BY id), lead(v, 2, -1) OVER (ORDER BY id), first_value(v) OVER (PARTITION BY g ORDER BY id) FROM w ORDER BY id;
SELECT id FROM w WHERE row_number() OVER () = 1;
