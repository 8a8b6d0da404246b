-- the connection and the client: \c \conninfo \encoding \copyright \h \s \q
\setenv PGHOST :HOST
\setenv PGPORT :PORT
\setenv PGUSER :USER
\conninfo
\c
\c -
\c - - - -
\c postgres
\connect postgres
\c postgres postgres
\c "dbname=postgres application_name='by string'"
SHOW application_name;
\! psql -X -U postgres -d postgres -c '\c nosuch' -c 'SELECT 1'; echo "exit code $?"
\! psql -X -U nosuch -d postgres -c 'SELECT 1'; echo "exit code $?"
\! psql -X -p 1 -d postgres -c 'SELECT 1' 2>&1 | tail -n 1
\! echo '\c postgres postgres 127.0.0.1 1' | psql -X -U postgres -d postgres 2>&1 | head -n 1 | cut -c1-60
\c -reuse-previous=on "application_name=reused"
SHOW application_name;
\! psql -X -U postgres -d postgres -c '\c -reuse-previous=perhaps postgres'
\c -reuse-previous=off "dbname=postgres user=postgres"
\c postgresql://postgres@/postgres?application_name=uri
SHOW application_name;
\echo :DBNAME :USER :ENCODING :SERVER_VERSION_NUM
SET search_path = nowhere;
\c
SHOW search_path;
\encoding
SHOW client_encoding;
\encoding nosuch
\encoding UTF8
\encoding
\h ABORT
\h RELEASE
\help nosuch
\set PROMPT1 '%/%R%# '
\set PROMPT2
\set QUIET on
CREATE TABLE quietly (a int);
\c
\set QUIET off
CREATE TABLE loudly (a int);
\c
\set HISTCONTROL ignoredups
\set HIDE_TABLEAM on
\d+ loudly
\dt+ nosuch*
\set HIDE_TOAST_COMPRESSION on
\d+ loudly
\set HIDE_TOAST_COMPRESSION off
\d+ loudly
\set COMP_KEYWORD_CASE upper
\set IGNOREEOF 3
\q
SELECT 'not reached';
