#!/bin/sh
# run.sh - what sessions see of each other and how they wait, step by step, compared with PostgreSQL 15
#
# Usage: tests/iso/run.sh [NAME ...]     NAME: a spec of tests/iso/specs
#
# README.md says how specs are written and recorded. All run against one server, several at once; it must end
# cleanly and leave a sound file. DASSIE names the program, JOBS how many run at once.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh
PYTHONDONTWRITEBYTECODE=1
ISO_LOGS=${BUILD:-build}/test-logs/iso
export PYTHONDONTWRITEBYTECODE ISO_LOGS

if [ "${1:-}" = --one ]; then
    for ISO_PROTOCOL in simple extended; do
        export ISO_PROTOCOL
        timeout 300 /usr/bin/python3 tests/iso/iso.py compare "tests/iso/specs/$2.spec" "tests/iso/expected/$2.out" \
            >"$ISO_LOGS/$2.out" 2>&1
        diff -U6 "tests/iso/expected/$2.out" "$ISO_LOGS/$2.out" >"$ISO_LOGS/$2.diff" || exit 0
        rm -f "$ISO_LOGS/$2.diff" "$ISO_LOGS/$2.out"
    done
    exit 0
fi

server_needed
if [ $# -eq 0 ]; then
    for file in tests/iso/specs/*.spec; do
        set -- "$@" "$(basename "$file" .spec)"
    done
fi
rm -rf "$ISO_LOGS"
mkdir -p "$ISO_LOGS"
work=$(mktemp -d "${TMPDIR:-/tmp}/dassie-iso.XXXXXX")
server_pid=
trap '[ -z "$server_pid" ] || kill -9 "$server_pid" 2>/dev/null; rm -rf "$work"' EXIT
server_start "$work" "$work/iso.db" || {
    echo "0 passed, 1 failed"
    exit 1
}
WIRE_SOCKET_DIR=$work
WIRE_PORT=5432
export WIRE_SOCKET_DIR WIRE_PORT
# They wait more than they work.
printf '%s\n' "$@" | xargs -P "${JOBS:-6}" -n 1 tests/iso/run.sh --one
failed=0
for name in "$@"; do
    if [ -f "$ISO_LOGS/$name.diff" ]; then
        failed=$((failed + 1))
        echo "FAILED $name ($ISO_LOGS/$name.diff):"
        head -n "${ISO_DIFF_LINES:-40}" "$ISO_LOGS/$name.diff" | sed 's/^/    /'
    fi
done
passed=$(($# - failed))
server_end "$work" "$work/iso.db" || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
