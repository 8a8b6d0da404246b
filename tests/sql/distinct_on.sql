-- DISTINCT ON
CREATE TABLE d (a int, b text);
INSERT INTO d VALUES (1, 'x'), (1, 'y'), (2, 'x'), (null, 'q'), (2, 'X');
SELECT DISTINCT ON (a) a, b FROM d ORDER BY a, b;
SELECT DISTINCT ON (a) a, b FROM d ORDER BY a DESC, b DESC;
SELECT DISTINCT ON (a) a, b FROM d ORDER BY b;
