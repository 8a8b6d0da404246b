-- several databases: \c from one to the other, \l
\setenv PGHOST :HOST
CREATE DATABASE shop;
CREATE DATABASE "Odd Name" CONNECTION LIMIT 3;
COMMENT ON DATABASE shop IS 'a shop';
\l shop
\l *o*
\c shop
\conninfo
CREATE TABLE only_here (a int);
\d
\c "Odd Name"
\conninfo
\d
\c postgres
\d
\c 'dbname=shop user=postgres'
\d
CREATE DATABASE copy TEMPLATE shop;
\c postgres
CREATE DATABASE copy TEMPLATE shop;
CREATE DATABASE copy;
\c copy
\d
DROP DATABASE copy;
\c postgres
ALTER DATABASE shop RENAME TO store;
ALTER DATABASE store SET search_path = app;
ALTER DATABASE store CONNECTION LIMIT 7;
ALTER DATABASE store ALLOW_CONNECTIONS false;
\l store
\drds
\! psql -X -U postgres -d store -c '\conninfo'
\! psql -X -U postgres -d template0 -c '\conninfo'
\! psql -X -U postgres -d template1 -c '\conninfo' | cut -c1-60
GRANT CONNECT ON DATABASE store TO PUBLIC;
REVOKE TEMPORARY ON DATABASE store FROM PUBLIC;
\l store
SELECT datname, datistemplate, datallowconn, datconnlimit FROM pg_database ORDER BY 1;
DROP DATABASE store;
DROP DATABASE copy;
DROP DATABASE "Odd Name";
DROP DATABASE IF EXISTS nosuch;
DROP DATABASE nosuch;
\l
