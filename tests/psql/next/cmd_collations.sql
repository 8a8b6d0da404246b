-- collations of one's own
CREATE SCHEMA app;
CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk');
CREATE COLLATION app.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
COMMENT ON COLLATION german IS 'phone books';
\dO
\dO+
\dO app.*
CREATE TABLE sorted (name text COLLATE german, other text COLLATE app.ci);
\d sorted
SELECT name FROM (VALUES ('a'), ('B'), ('c')) v (name) ORDER BY name COLLATE german;
DROP COLLATION german;
DROP SCHEMA app CASCADE;
\d sorted
