-- btree_gist: exclusion constraints that mix equality with ranges; distances.
CREATE EXTENSION btree_gist;
CREATE TABLE booking (id int PRIMARY KEY, room int, during tsrange, EXCLUDE USING gist (room WITH =, during WITH &&));
INSERT INTO booking VALUES (1, 1, '[2026-01-01 10:00, 2026-01-01 11:00)'), (2, 1, '[2026-01-01 11:00, 2026-01-01 12:00)'), (3, 2, '[2026-01-01 10:00, 2026-01-01 12:00)');
INSERT INTO booking VALUES (4, 1, '[2026-01-01 10:30, 2026-01-01 10:45)');
INSERT INTO booking VALUES (4, 3, '[2026-01-01 10:30, 2026-01-01 10:45)');
UPDATE booking SET room = 2 WHERE id = 4;
\d booking
CREATE TABLE stay (guest text, days daterange, CONSTRAINT once EXCLUDE USING gist (guest WITH =, days WITH &&) WHERE (guest <> 'any'));
INSERT INTO stay VALUES ('a', '[2026-01-01,2026-01-05)'), ('b', '[2026-01-02,2026-01-03)'), ('any', '[2026-01-01,2026-01-05)'), ('any', '[2026-01-01,2026-01-05)');
INSERT INTO stay VALUES ('a', '[2026-01-04,2026-01-06)');
INSERT INTO stay VALUES ('a', '[2026-01-05,2026-01-06)');
SELECT 5 <-> 7, 1.5::float8 <-> 4, date '2026-01-05' <-> '2026-01-01', '2.50'::money <-> '4', 7::oid <-> 9::oid,
       time '10:00' <-> '12:30', timestamp '2026-01-01 10:00' <-> '2026-03-05 09:00', interval '1 mon' <-> '2 day', 3::int2 <-> 9::int2;
SELECT (-2147483648) <-> 1;
SELECT date 'infinity' <-> '2026-01-01';
SELECT id FROM booking ORDER BY room <-> 3, id LIMIT 2;
SELECT opcname, amname, opcintype::regtype, opcdefault FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod
WHERE o.oid >= 16384 ORDER BY opcname COLLATE "C";
DROP EXTENSION btree_gist;
DROP EXTENSION btree_gist CASCADE;
\d booking
