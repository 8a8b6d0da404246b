-- bit and bit varying
SELECT B'101', X'1F', '1010'::bit(4), '1010'::varbit, B'', '101'::bit varying(5);
SELECT '101'::bit(5), '10101'::bit(3), '10101'::varbit(3);
SELECT B'102';
SELECT '12'::bit(2);
CREATE TABLE bt (a bit(4), b varbit(6));
INSERT INTO bt VALUES (B'1010', B'11'), (B'0001', B'101010');
INSERT INTO bt VALUES (B'101', NULL);
INSERT INTO bt VALUES (NULL, B'1010101');
SELECT * FROM bt ORDER BY a;
SELECT a & B'1100', a | B'0011', a # B'1111', ~a, a << 1, a >> 2, a || b FROM bt ORDER BY a;
SELECT B'101' & B'10';
SELECT length(a), octet_length(a), bit_length(b), bit_count(a), substring(b FROM 2 FOR 2), substring(b FROM 2), position(B'1' IN a), get_bit(a, 0), set_bit(a, 0, 1), overlay(a PLACING B'11' FROM 2) FROM bt ORDER BY a;
SELECT get_bit(B'101', 5);
SELECT 44::bit(10), 44::bit(3), (-44)::bit(12), B'101'::int, '1110'::bit(4)::bigint, cast(-44 AS bit(12))::int;
SELECT B'101' = B'101', B'101' < B'11', B'101'::varbit = '101', max(a::text), min(b::text) FROM bt;
SELECT a, count(*) FROM bt GROUP BY a ORDER BY a;
CREATE INDEX ON bt (a);
COPY bt TO stdout;
\d bt
