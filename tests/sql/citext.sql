-- citext: text compared without regard to case; everything CREATE EXTENSION makes.
CREATE EXTENSION citext;
\dx
\dx+ citext
SELECT 'a'::citext = 'A'::citext, 'a'::citext <> 'B', 'a'::citext < 'B', 'B'::citext > 'a',
       'Ab'::citext >= 'aB', 'ab'::citext <= 'AC', 'ä'::citext = 'Ä'::citext;
SELECT 'a'::citext = 'A'::text, 'a'::citext = 'A'::varchar, 'A'::bpchar = 'a'::citext;
SELECT pg_typeof('x'::citext), 'x'::citext::text, 'x'::text::citext, 'x'::citext::varchar(3), true::citext, '1.2.3.4'::inet::citext;
SELECT citext_cmp('a', 'B'), citext_cmp('B', 'a'), citext_cmp('Aa', 'aA'), citext_larger('a', 'B'), citext_smaller('a', 'B');
CREATE TABLE users (id int, email citext PRIMARY KEY, name citext DEFAULT 'None', tags citext[]);
INSERT INTO users VALUES (1, 'Bob@Example.com', 'Bob', '{a,B}'), (2, 'alice@example.com', 'ALICE', '{}');
INSERT INTO users(id, email) VALUES (3, 'CAROL@example.com') RETURNING *;
INSERT INTO users(id, email) VALUES (4, 'BOB@example.COM');
INSERT INTO users(id, email) VALUES (4, 'BOB@example.COM') ON CONFLICT (email) DO UPDATE SET id = 40 RETURNING *;
SELECT id, email FROM users WHERE email = 'ALICE@EXAMPLE.COM';
SELECT id, email FROM users WHERE email IN ('ALICE@EXAMPLE.COM', 'x') ORDER BY 1;
SELECT id, email FROM users ORDER BY email;
SELECT id, email FROM users ORDER BY email DESC;
SELECT email FROM users WHERE email LIKE 'b%' OR email ~~ '%CAROL%' ORDER BY 1;
SELECT email FROM users WHERE email NOT LIKE 'b%' ORDER BY 1;
SELECT email FROM users WHERE email ~ '^ALICE' OR email ~* '^BOB' ORDER BY 1;
SELECT email FROM users WHERE email !~ '^ALICE' ORDER BY 1;
SELECT name, count(*) FROM (VALUES ('a'::citext), ('A'), ('b')) v(name) GROUP BY name ORDER BY name;
SELECT DISTINCT name FROM (VALUES ('a'::citext), ('a'), ('b')) v(name) ORDER BY name;
SELECT min(email), max(email), count(DISTINCT name) FROM users;
SELECT u.id, v.id FROM users u JOIN users v ON u.email = upper(v.email::text)::citext ORDER BY 1;
SELECT tags, tags[2], 'b' = ANY (tags), tags || 'c'::citext, array_agg(email) FROM users WHERE id = 40 GROUP BY tags;
SELECT lower(email), upper(email), length(email), email || '!' FROM users WHERE id = 40;
SELECT to_json(email), row_to_json(users) FROM users WHERE id = 2;
\d users
CREATE INDEX users_name ON users (name);
CREATE UNIQUE INDEX ON users (name citext_pattern_ops, id);
CREATE VIEW v AS SELECT id FROM users WHERE email = 'x';
SELECT pg_get_viewdef('v'), pg_get_indexdef('users_name_id_idx'::regclass);
PREPARE p(citext) AS SELECT id FROM users WHERE email = $1;
EXECUTE p('BOB@EXAMPLE.COM');
SELECT castsource::regtype, casttarget::regtype, castcontext, castmethod FROM pg_cast WHERE oid >= 16384 ORDER BY 1::text COLLATE "C", castsource::regtype::text, casttarget::regtype::text;
SELECT oprname, oprleft::regtype, oprright::regtype, oprcode::text FROM pg_operator WHERE oid >= 16384
ORDER BY oprname COLLATE "C", oprleft::regtype::text, oprright::regtype::text;
SELECT typname, typcategory, typispreferred, typlen, typinput::text, typcollation, typdelim FROM pg_type WHERE typname IN ('citext', '_citext') ORDER BY 1;
DROP TYPE citext;
DROP EXTENSION citext;
DROP EXTENSION citext CASCADE;
\d users
SELECT count(*) FROM pg_type WHERE oid >= 16384 AND typname LIKE '%citext';
SELECT count(*) FROM pg_operator WHERE oid >= 16384;
SELECT count(*) FROM pg_opclass WHERE oid >= 16384;
SELECT count(*) FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND objid >= 16384;
CREATE SCHEMA ext;
CREATE EXTENSION citext SCHEMA ext;
SELECT 'a'::ext.citext OPERATOR(ext.=) 'A'::ext.citext;
SET search_path = public, ext;
SELECT 'a'::citext = 'A'::citext;
ALTER EXTENSION citext SET SCHEMA public;
DROP SCHEMA ext;
SELECT 'a'::citext = 'A'::citext;
