-- extensions
CREATE EXTENSION citext;
\dx
\dx cit*
\dx+ citext
CREATE TABLE people (email citext PRIMARY KEY);
\d people
DROP EXTENSION citext;
DROP TABLE people;
DROP EXTENSION citext;
