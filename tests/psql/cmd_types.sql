-- types of one's own: enums, composites, domains, ranges, and what shows them
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE app.address AS (street text, number int, "Post Code" varchar(10));
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN app.word AS text COLLATE "C" DEFAULT 'none' NOT NULL CONSTRAINT short CHECK (length(VALUE) < 10) CONSTRAINT not_empty CHECK (VALUE <> '');
CREATE TYPE span AS RANGE (subtype = float8);
COMMENT ON TYPE mood IS 'a mood';
COMMENT ON DOMAIN positive IS 'above zero';
COMMENT ON COLUMN app.address.street IS 'its street';
\dT
\dT+
\dT app.*
\dT+ mood
\dT mood[]
\dD
\dD+
\dD app.*
\dDS+ positive
\d app.address
\d+ app.address
CREATE TABLE person (id int PRIMARY KEY, feels mood DEFAULT 'ok', lives app.address, age positive, nick app.word, moods mood[] DEFAULT '{sad,ok}', at span);
\d person
\d+ person
INSERT INTO person VALUES (1, 'happy', ROW('Main, St', 5, NULL), 3, 'a', '{happy}', '[1,2)');
SELECT * FROM person;
SELECT (lives).street, feels > 'ok' AS up FROM person \gdesc
SELECT * FROM person \gdesc
SELECT * FROM person \gx
ALTER TYPE mood ADD VALUE 'great' AFTER 'happy';
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
ALTER TYPE app.address ADD ATTRIBUTE country text;
ALTER DOMAIN positive DROP CONSTRAINT positive_check;
ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 100) NOT VALID;
\dT+ mood
\dD positive
\d app.address
\d person
\dd
\dd app.*
DROP TYPE mood;
DROP DOMAIN positive;
DROP TYPE mood CASCADE;
\d person
DROP SCHEMA app CASCADE;
\d person
