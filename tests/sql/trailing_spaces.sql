-- Strings that end in spaces come back to the byte: padded char(n), text of any length, NULLs between
-- them, values too long for their row, after updates and through an index.
CREATE TABLE pad (id int PRIMARY KEY, c char(84), t text, u text, d char(9));
INSERT INTO pad VALUES
  (1, '', '', '', ''),
  (2, 'x', 'seven       ', 'eight        ', 'abc'),
  (3, NULL, repeat(' ', 7), repeat(' ', 8), NULL),
  (4, repeat('y', 84), repeat(' ', 9), repeat(' ', 200), repeat('z', 9)),
  (5, 'äöü', 'ä' || repeat(' ', 12), repeat('k', 12) || repeat(' ', 3), 'ß'),
  (6, ' lead', repeat(' ', 5000), repeat('m', 3000) || repeat(' ', 100), ' '),
  (7, 'n', repeat('q', 2500) || repeat(' ', 2500), NULL, NULL),
  (8, 'big', repeat(' ', 100000), repeat(' ', 70000) || '.', 'big');
SELECT id, octet_length(c), length(c), octet_length(t), octet_length(u), octet_length(d) FROM pad ORDER BY id;
SELECT id, md5(c), md5(t), md5(u), md5(d) FROM pad ORDER BY id;
SELECT id, c || '|', '|' || t || '|', u || '|', d || '|' FROM pad WHERE id < 6 ORDER BY id;
SELECT id FROM pad WHERE c = 'x' OR t = repeat(' ', 9) OR u = repeat(' ', 8) ORDER BY id;
UPDATE pad SET u = u || '  ' WHERE id IN (2, 3, 4, 6);
UPDATE pad SET t = rtrim(t) WHERE id IN (4, 7, 8);
UPDATE pad SET c = 'changed' WHERE id = 1;
SELECT id, octet_length(c), octet_length(t), octet_length(u), md5(c), md5(t), md5(u) FROM pad ORDER BY id;
BEGIN;
UPDATE pad SET t = t || repeat(' ', 20), c = NULL;
SELECT id, octet_length(c), octet_length(t), md5(t) FROM pad ORDER BY id;
ROLLBACK;
SELECT id, octet_length(c), octet_length(t), md5(t) FROM pad ORDER BY id;
CREATE INDEX ON pad (d);
SELECT id, octet_length(d) FROM pad WHERE d = 'abc' ORDER BY id;
ALTER TABLE pad ADD COLUMN e text DEFAULT 'end          ';
INSERT INTO pad (id, t) VALUES (9, repeat(' ', 40));
SELECT id, octet_length(t), octet_length(e), e || '|' FROM pad ORDER BY id;
SELECT c, count(*) FROM pad GROUP BY c ORDER BY c;
SELECT max(octet_length(t)), sum(octet_length(c)) FROM pad WHERE t LIKE '%   ';
DROP TABLE pad;
