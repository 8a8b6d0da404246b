-- psql's commands about roles, privileges, default privileges, settings and policies
CREATE ROLE app LOGIN CONNECTION LIMIT 5 VALID UNTIL '2031-05-06 07:08:09+00';
CREATE ROLE team NOINHERIT CREATEDB CREATEROLE;
CREATE ROLE root SUPERUSER REPLICATION BYPASSRLS;
CREATE ROLE none_at_all CONNECTION LIMIT 0;
GRANT team TO app;
GRANT team, app TO root WITH ADMIN OPTION;
\du
\dg app
\du app|team
CREATE SCHEMA shop AUTHORIZATION team;
CREATE TABLE shop.item (id int PRIMARY KEY, name text, price numeric);
CREATE VIEW shop.cheap AS SELECT * FROM shop.item WHERE price < 10;
CREATE SEQUENCE shop.number;
GRANT SELECT, INSERT ON shop.item TO app;
GRANT SELECT (name), UPDATE (price, name) ON shop.item TO team;
GRANT SELECT ON shop.cheap TO PUBLIC;
GRANT USAGE ON SEQUENCE shop.number TO app WITH GRANT OPTION;
GRANT USAGE ON SCHEMA shop TO app;
ALTER TABLE shop.item ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON shop.item FOR SELECT TO app USING (name = current_user);
CREATE POLICY rows_all ON shop.item AS RESTRICTIVE USING (price > 0) WITH CHECK (price > 1 AND name IS NOT NULL);
\dp shop.*
\z shop.item
\dn
\dn+ shop
\d shop.item
ALTER TABLE shop.item FORCE ROW LEVEL SECURITY;
\d shop.item
ALTER TABLE shop.item DISABLE ROW LEVEL SECURITY;
\d shop.item
ALTER DEFAULT PRIVILEGES FOR ROLE team IN SCHEMA shop GRANT SELECT ON TABLES TO app;
ALTER DEFAULT PRIVILEGES FOR ROLE team GRANT EXECUTE ON FUNCTIONS TO app;
ALTER DEFAULT PRIVILEGES FOR ROLE team REVOKE USAGE ON TYPES FROM PUBLIC;
\ddp
ALTER ROLE app SET work_mem = '8MB';
ALTER ROLE app SET search_path = shop, public;
ALTER ROLE team IN DATABASE postgres SET statement_timeout = '5s';
ALTER DATABASE postgres SET DateStyle = 'ISO, DMY';
\drds
\drds app
\dt shop.*
\ds shop.*
\dv shop.*
GRANT USAGE ON LANGUAGE sql TO app;
\dL
ALTER TABLE shop.item OWNER TO team;
\dp shop.item
ALTER DATABASE postgres RESET ALL;
DROP OWNED BY app, team CASCADE;
DROP ROLE app, team, root, none_at_all;
\du
