#!/bin/sh
# record.sh - write the expected/*.out of tests/sql and tests/psql from a real PostgreSQL 15
#
# Usage: tests/sql/record.sh [NAME ...]     (default: every tests/sql/*.sql, tests/sql/next/*.sql,
#        tests/psql/*.sql, tests/psql/next/*.sql)
#
# Each file runs in a fresh database that is called postgres, as it will be on dassie. Expected output is
# never written in another way than by this script.
set -eu
cd "$(dirname "$0")/../.."
. tests/lib/server.sh
. tests/sql/psql.sh

work=$(mktemp -d)
chmod 755 "$work"
trap 'tools/oracle.sh stop "$work/oracle" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
# Two-phase commit is on, as it is in dassie.
tools/oracle.sh start "$work/oracle" -c max_prepared_transactions=64

[ $# -gt 0 ] || set -- tests/sql/*.sql tests/sql/next/*.sql tests/psql/*.sql tests/psql/next/*.sql
mkdir -p tests/sql/expected tests/sql/next/expected tests/psql/next/expected
for file in "$@"; do
    name=$(basename "$file" .sql)
    folder=tests/sql
    [ -f "$folder/$name.sql" ] || folder=tests/sql/next
    [ -f "$folder/$name.sql" ] || folder=tests/psql
    [ -f "$folder/$name.sql" ] || folder=tests/psql/next
    tools/oracle.sh psql "$work/oracle" -q -d template1 \
        -c 'DROP DATABASE IF EXISTS postgres' \
        -c 'CREATE DATABASE postgres TEMPLATE template0'
    sql_run "$work/oracle" "$folder/$name.sql" >"$folder/expected/$name.out"
    # Roles outlive a database; a file must not see those of another one.
    tools/oracle.sh psql "$work/oracle" -qAt -d template1 \
        -c "SELECT format('DROP OWNED BY %I; DROP ROLE %I;', rolname, rolname) FROM pg_roles
            WHERE oid >= 16384" >"$work/roles"
    if [ -s "$work/roles" ]; then
        tools/oracle.sh psql "$work/oracle" -q -d postgres -f "$work/roles"
    fi
done
