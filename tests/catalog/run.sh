#!/bin/sh
# run.sh - every relation and function of pg_catalog and information_schema, compared with PostgreSQL 15
#
# Usage: tests/catalog/run.sh            compare (compare.py says how)
#        tests/catalog/run.sh --list     and write missing.txt anew
#        tests/catalog/run.sh --record   take expected/*.txt from a private PostgreSQL
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh
work=$(mktemp -d "${TMPDIR:-/tmp}/dassie-catalog.XXXXXX")
chmod 755 "$work"
if [ "${1:-}" = --record ]; then
    trap 'tools/oracle.sh stop "$work/oracle" 2>/dev/null; rm -rf "$work"' EXIT
    tools/oracle.sh start "$work/oracle" || exit 1
    python3 tests/catalog/compare.py record "$work/oracle"
    exit
fi
trap 'rm -rf "$work"' EXIT
server_needed
server_start "$work" "$work/test.db" || exit 1
python3 tests/catalog/compare.py check "$work" "$@" >"$work/out"
status=$?
counts=$(tail -n 1 "$work/out")
sed '$d' "$work/out"
server_end "$work" "$work/test.db" || {
    echo "0 passed, 1 failed"
    exit 1
}
echo "$counts"
exit $status
