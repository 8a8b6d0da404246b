-- CREATE, ALTER, DROP EXTENSION: what they make, what depends on what.
CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE EXTENSION plpgsql;
CREATE EXTENSION "uuid-ossp";
CREATE EXTENSION "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
SELECT extname, extnamespace::regnamespace, extrelocatable, extversion FROM pg_extension ORDER BY 1;
\dx
SELECT uuid_nil(), uuid_ns_dns(), uuid_ns_url(), uuid_ns_oid(), uuid_ns_x500();
SELECT uuid_generate_v3(uuid_ns_dns(), 'dassie.example'), uuid_generate_v5(uuid_ns_url(), 'x');
SELECT substr(uuid_generate_v1()::text, 15, 1), substr(uuid_generate_v1mc()::text, 15, 1),
       substr(uuid_generate_v4()::text, 15, 1), uuid_generate_v1() <> uuid_generate_v1();
CREATE TABLE t (id uuid DEFAULT uuid_generate_v4(), name text);
INSERT INTO t(name) VALUES ('a'), ('b') RETURNING id IS NOT NULL;
DROP EXTENSION "uuid-ossp";
DROP EXTENSION "uuid-ossp" CASCADE;
\d t
SELECT count(*) FROM pg_proc WHERE oid >= 16384;
DROP EXTENSION nosuch;
DROP EXTENSION IF EXISTS nosuch;
CREATE EXTENSION pgcrypto VERSION '9.9';
CREATE EXTENSION pgcrypto SCHEMA nosuch;
CREATE EXTENSION pgcrypto SCHEMA public SCHEMA public;
CREATE SCHEMA ext;
CREATE EXTENSION pgcrypto WITH SCHEMA ext CASCADE;
SELECT ext.digest('abc', 'md5'), ext.digest('abc'::bytea, 'sha1');
SELECT ext.digest('abc', 'sha256');
SELECT ext.digest('abc', 'nosuch');
SELECT ext.hmac('abc', 'key', 'sha512');
SELECT length(ext.gen_random_bytes(16)), ext.gen_random_bytes(0);
SELECT ext.crypt('secret', '$1$abcdefgh'), ext.crypt('secret', '$2a$06$abcdefghijklmnopqrstuu');
SELECT ext.crypt('secret', 'ab');
SELECT length(ext.gen_salt('bf')), substr(ext.gen_salt('bf', 8), 1, 7), length(ext.gen_salt('md5')),
       length(ext.gen_salt('des')), length(ext.gen_salt('xdes'));
SELECT ext.gen_salt('nosuch');
SELECT ext.gen_salt('bf', 40);
SELECT ext.crypt('x', ext.gen_salt('bf', 4)) LIKE '$2a$04$%';
SELECT ext.encrypt('some text', '0123456789abcdef', 'aes'),
       ext.encrypt_iv('some text', '0123456789abcdef', 'fedcba9876543210', 'aes-cbc/pad:pkcs');
SELECT convert_from(ext.decrypt(ext.encrypt('some text', 'key', 'aes-ecb'), 'key', 'aes-ecb'), 'UTF8');
SELECT ext.encrypt('some text', 'key', 'aes/pad:none');
SELECT ext.encrypt('some text', 'key', 'nosuch');
ALTER EXTENSION pgcrypto SET SCHEMA public;
SELECT digest('abc', 'md5');
DROP SCHEMA ext;
ALTER EXTENSION pgcrypto UPDATE;
ALTER EXTENSION pgcrypto UPDATE TO '7';
ALTER EXTENSION nosuch UPDATE;
COMMENT ON EXTENSION pgcrypto IS 'mine';
SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'pgcrypto';
SELECT d.deptype, count(*) FROM pg_depend d, pg_extension e
WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'pgcrypto' GROUP BY 1;
CREATE EXTENSION unaccent;
SELECT unaccent('Hôtel'), unaccent('ÀÉÎÕÜ ß Œuvre ł ½'), unaccent('plain'), unaccent(NULL);
BEGIN;
DROP EXTENSION unaccent;
ROLLBACK;
SELECT unaccent('é');
DROP SCHEMA public;
