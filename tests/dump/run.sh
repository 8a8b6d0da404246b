#!/bin/sh
# run.sh - pg_dump and pg_restore on dassie, compared with PostgreSQL 15
#
# Usage: tests/dump/run.sh             compare
#        tests/dump/run.sh --record    write expected/*.out from a private PostgreSQL
#
# Each NAME.sql fills a database that pg_dump writes as plain SQL (NAME.out), as INSERTs (NAME.inserts.out) and in
# the custom format, which pg_restore turns back into SQL that must be the plain dump. The roles are dumped by
# pg_dumpall (NAME.globals.out). Roles and plain dump are restored into a second server, and the dump of that one must
# be the same again.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh
bin=/usr/lib/postgresql/15/bin
work=$(mktemp -d "${TMPDIR:-/tmp}/dassie-dump.XXXXXX")
chmod 755 "$work"

# plain - a dump without what differs from run to run or names the server; the role of initdb has a password here only
plain() {
    sed "/^\\\\restrict /d; /^\\\\unrestrict /d; /^-- Dumped /d; /^ALTER ROLE postgres /s/ PASSWORD '[^']*'//"
}

# dump SOCKET_DIR FORM OUT - the database postgres in a form, into a file
dump() {
    case $2 in
    inserts) "$bin/pg_dump" -h "$1" -U postgres --column-inserts postgres ;;
    globals) "$bin/pg_dumpall" -h "$1" -U postgres --globals-only ;;
    custom) "$bin/pg_dump" -h "$1" -U postgres -Fc postgres | "$bin/pg_restore" -f - ;;
    *) "$bin/pg_dump" -h "$1" -U postgres postgres ;;
    esac 2>&1 | plain >"$3"
}

# fill SOCKET_DIR FILE - run it, printing errors
fill() {
    psql -X -q -o /dev/null -h "$1" -U postgres -d postgres <"$2" 2>&1
}

if [ "${1:-}" = --record ]; then
    trap 'tools/oracle.sh stop "$work/oracle" 2>/dev/null; rm -rf "$work"' EXIT
    tools/oracle.sh start "$work/oracle" || exit 1
    for file in tests/dump/*.sql; do
        name=$(basename "$file" .sql)
        tools/oracle.sh psql "$work/oracle" -q -d template1 -c 'DROP DATABASE postgres' -c 'CREATE DATABASE postgres'
        tools/oracle.sh psql "$work/oracle" -qAt -d template1 -c \
            "SELECT format('DROP ROLE %I;', rolname) FROM pg_roles WHERE oid >= 16384" >"$work/roles"
        tools/oracle.sh psql "$work/oracle" -q -d template1 -f "$work/roles"
        fill "$work/oracle" "$file"
        dump "$work/oracle" globals "tests/dump/expected/$name.globals.out"
        dump "$work/oracle" plain "tests/dump/expected/$name.out"
        dump "$work/oracle" inserts "tests/dump/expected/$name.inserts.out"
    done
    exit 0
fi

trap 'rm -rf "$work"' EXIT
server_needed
passed=0
failed=0

# same WHAT EXPECTED GOT - count it
same() {
    if diff -U3 "$2" "$3" >"$work/diff"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $1:"
        head -n 40 "$work/diff"
    fi
}

for file in tests/dump/*.sql; do
    name=$(basename "$file" .sql)
    mkdir "$work/$name" "$work/$name.again"
    server_start "$work/$name" "$work/$name/test.db" || failed=$((failed + 1))
    fill "$work/$name" "$file" >"$work/$name/errors"
    same "$name: filling" /dev/null "$work/$name/errors"
    dump "$work/$name" globals "$work/$name.globals.out"
    same "$name: globals" "tests/dump/expected/$name.globals.out" "$work/$name.globals.out"
    dump "$work/$name" plain "$work/$name.out"
    same "$name: plain" "tests/dump/expected/$name.out" "$work/$name.out"
    dump "$work/$name" inserts "$work/$name.inserts.out"
    same "$name: inserts" "tests/dump/expected/$name.inserts.out" "$work/$name.inserts.out"
    dump "$work/$name" custom "$work/$name.custom.out"
    same "$name: custom" "$work/$name.out" "$work/$name.custom.out"
    server_end "$work/$name" "$work/$name/test.db" || failed=$((failed + 1))

    server_start "$work/$name.again" "$work/$name.again/test.db" || failed=$((failed + 1))
    # The role that initdb makes is there already.
    sed '/^CREATE ROLE postgres;/d' "tests/dump/expected/$name.globals.out" >"$work/$name.again/roles"
    fill "$work/$name.again" "$work/$name.again/roles" >"$work/$name.again/errors"
    fill "$work/$name.again" "tests/dump/expected/$name.out" >>"$work/$name.again/errors"
    same "$name: restoring" /dev/null "$work/$name.again/errors"
    dump "$work/$name.again" plain "$work/$name.again.out"
    same "$name: restored" "tests/dump/expected/$name.out" "$work/$name.again.out"
    server_end "$work/$name.again" "$work/$name.again/test.db" || failed=$((failed + 1))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
