-- expression, partial and covering indexes
CREATE TABLE u (a int, b text);
INSERT INTO u VALUES (1, 'x'), (null, 'y'), (null, 'z');
CREATE INDEX u_lower ON u (lower(b));
SELECT a FROM u WHERE lower(b) = 'x';
CREATE UNIQUE INDEX u_part ON u (b) WHERE a > 5;
INSERT INTO u VALUES (6, 'p'), (1, 'p');
INSERT INTO u VALUES (8, 'p');
CREATE INDEX u_inc ON u (a) INCLUDE (b);
SELECT b FROM u WHERE a = 6;
CREATE TABLE nn (a int, UNIQUE NULLS NOT DISTINCT (a));
INSERT INTO nn VALUES (null);
INSERT INTO nn VALUES (null);
