#!/bin/sh
# record.sh - write tests/wire/expected/*.out from a real PostgreSQL 15
#
# Usage: tests/wire/record.sh [NAME ...]     (default: every tests/wire/scripts/*.wire)
#
# Expected output is never written in another way than by this script.
set -eu
cd "$(dirname "$0")/../.."
. tests/lib/server.sh

work=$(mktemp -d)
chmod 755 "$work"
trap 'tools/oracle.sh stop "$work/oracle" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
tools/oracle.sh start "$work/oracle"
WIRE_SOCKET_DIR=$work/oracle
WIRE_PORT=5432
PYTHONDONTWRITEBYTECODE=1
export WIRE_SOCKET_DIR WIRE_PORT PYTHONDONTWRITEBYTECODE

[ $# -gt 0 ] || set -- tests/wire/scripts/*.wire
mkdir -p tests/wire/expected
for file in "$@"; do
    name=$(basename "$file" .wire)
    /usr/bin/python3 tests/wire/script.py "tests/wire/scripts/$name.wire" >"tests/wire/expected/$name.out"
done
