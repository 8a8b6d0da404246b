-- roles, grants, settings of roles, policies, ownership
CREATE ROLE reader;
CREATE ROLE writer LOGIN CONNECTION LIMIT 5 VALID UNTIL '2030-01-01';
CREATE ROLE boss SUPERUSER CREATEDB CREATEROLE LOGIN REPLICATION BYPASSRLS;
CREATE ROLE nobody NOINHERIT;
CREATE ROLE none_at_once LOGIN CONNECTION LIMIT 0;
COMMENT ON ROLE writer IS 'may write';
GRANT reader TO writer;
GRANT pg_read_all_data, reader TO boss WITH ADMIN OPTION;
\du
\du+
\du w*
\dg+ boss
\duS pg_read*
CREATE SCHEMA app AUTHORIZATION boss;
CREATE TABLE account (id serial PRIMARY KEY, name text, secret text, owner name DEFAULT current_user);
CREATE TABLE app.log (line text);
CREATE VIEW names AS SELECT name FROM account;
ALTER TABLE account OWNER TO boss;
GRANT SELECT ON account TO reader;
GRANT INSERT, UPDATE, DELETE ON account TO writer WITH GRANT OPTION;
GRANT SELECT (name), UPDATE (name, secret) ON account TO nobody;
GRANT ALL ON app.log TO PUBLIC;
GRANT USAGE ON SEQUENCE account_id_seq TO writer;
GRANT USAGE ON SCHEMA app TO reader;
GRANT CREATE ON SCHEMA app TO writer;
REVOKE ALL ON names FROM postgres;
\dp
\dp account
\z app.*
\dn+
ALTER TABLE account ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON account USING (owner = current_user) WITH CHECK (owner = current_user AND name <> '');
CREATE POLICY some ON account AS RESTRICTIVE FOR SELECT TO reader, writer USING (id > 0);
CREATE POLICY put ON account FOR INSERT TO writer WITH CHECK (true);
\d account
\d+ account
\dp account
ALTER TABLE account FORCE ROW LEVEL SECURITY;
\d account
ALTER TABLE account DISABLE ROW LEVEL SECURITY;
\d account
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader;
ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA app GRANT ALL ON SEQUENCES TO writer WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE writer REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE writer GRANT USAGE ON TYPES TO nobody;
ALTER DEFAULT PRIVILEGES FOR ROLE writer GRANT USAGE ON SCHEMAS TO nobody;
\ddp
\ddp app
ALTER ROLE writer SET search_path = app, public;
ALTER ROLE writer SET work_mem = '8MB';
ALTER ROLE reader IN DATABASE postgres SET statement_timeout = '5s';
ALTER DATABASE postgres SET lock_timeout = 1000;
ALTER ROLE ALL SET application_name = 'every one';
\drds
\drds writer
\drds % postgres
\drds reader postgres
\setenv PGHOST :HOST
\! psql -X -d postgres -U nosuchrole -c 'SELECT 1'
\! psql -X -d postgres -U none_at_once -c 'SELECT 1'
\! psql -X -d postgres -U reader -c 'SELECT 1'
\c - writer
\conninfo
SHOW search_path;
SHOW application_name;
SELECT current_user, session_user;
SELECT * FROM public.account;
SELECT count(*) FROM public.account;
INSERT INTO public.account (name) VALUES ('mine');
DELETE FROM app.log;
CREATE TABLE app.mine (a int);
CREATE TABLE public.not_mine (a int);
\d
\dp mine
SET ROLE reader;
SELECT current_user, session_user;
\dt account
DROP TABLE public.account;
ALTER TABLE public.account ADD COLUMN x int;
RESET ROLE;
\echo :USER
\c - postgres
GRANT CONNECT ON DATABASE postgres TO writer;
\l postgres
\dp *.*
ALTER ROLE ALL RESET application_name;
ALTER DATABASE postgres RESET lock_timeout;
DROP ROLE reader;
DROP OWNED BY reader;
DROP OWNED BY writer;
DROP OWNED BY nobody;
REASSIGN OWNED BY boss TO postgres;
DROP OWNED BY boss;
DROP ROLE reader, writer, boss, nobody, none_at_once;
\du
\ddp
\drds
\dp
