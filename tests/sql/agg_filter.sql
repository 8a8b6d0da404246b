-- FILTER on aggregates
CREATE TABLE g (id int PRIMARY KEY, dept text, boss int, pay numeric(10,2));
INSERT INTO g VALUES (1, 'eng', null, 100.50), (2, 'eng', 1, 80), (3, 'ops', 1, 60.25), (4, 'ops', 3, 60.25);
SELECT dept, count(*) FILTER (WHERE pay > 60), sum(pay) FILTER (WHERE boss IS NULL) FROM g GROUP BY dept ORDER BY dept;

-- arguments are computed only for rows that pass
SELECT sum(10 / (id - 1)) FILTER (WHERE id > 1), count(DISTINCT 10 / (id - 1)) FILTER (WHERE id > 1) FROM g;
SELECT dept, sum(10 / (id - 1)) FILTER (WHERE id <> 1) FROM g GROUP BY dept ORDER BY dept;
SELECT string_agg((10 / (id - 1))::text, ',' ORDER BY id DESC) FILTER (WHERE id <> 1) FROM g;
SELECT dept, sum(10 / (id - 1)) FROM g GROUP BY dept;
