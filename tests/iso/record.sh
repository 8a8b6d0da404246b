#!/bin/sh
# record.sh - write tests/iso/expected/*.out from a real PostgreSQL 15
#
# Usage: tests/iso/record.sh [NAME ...]     (default: every tests/iso/specs/*.spec)
#
# Expected output is never written in another way than by this script.
set -eu
cd "$(dirname "$0")/../.."
. tests/lib/server.sh

work=$(mktemp -d)
chmod 755 "$work"
trap 'tools/oracle.sh stop "$work/oracle" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
tools/oracle.sh start "$work/oracle" -c deadlock_timeout=50ms -c max_prepared_transactions=64
WIRE_SOCKET_DIR=$work/oracle
WIRE_PORT=5432
PYTHONDONTWRITEBYTECODE=1
export WIRE_SOCKET_DIR WIRE_PORT PYTHONDONTWRITEBYTECODE

[ $# -gt 0 ] || set -- tests/iso/specs/*.spec
mkdir -p tests/iso/expected
for file in "$@"; do
    name=$(basename "$file" .spec)
    /usr/bin/python3 tests/iso/iso.py record "tests/iso/specs/$name.spec" >"tests/iso/expected/$name.out"
done
