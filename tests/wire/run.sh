#!/bin/sh
# run.sh - the wire protocol: PostgreSQL's own answers to message scripts, hostile messages, a fuzzer
#
# Usage: tests/wire/run.sh [NAME ...]     NAME: a script of tests/wire/scripts, hostile, or fuzz
#
# README.md says how the scripts are written and recorded. All parts run against one server, which must survive
# them, keep its memory and descriptors, end cleanly, and leave a sound file. WIRE_SEED and WIRE_FUZZ_SECONDS
# choose another fuzz run. DASSIE names the program (default: build/dassie).
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh
PYTHONDONTWRITEBYTECODE=1
WIRE_LOGS=${BUILD:-build}/test-logs/wire
export PYTHONDONTWRITEBYTECODE WIRE_LOGS

# run_script NAME - run one message script; leaves NAME.diff when an answer differs
run_script() {
    timeout 120 /usr/bin/python3 tests/wire/script.py "tests/wire/scripts/$1.wire" >"$WIRE_LOGS/$1.out" 2>&1
    diff -U4 "tests/wire/expected/$1.out" "$WIRE_LOGS/$1.out" >"$WIRE_LOGS/$1.diff" &&
        rm -f "$WIRE_LOGS/$1.diff" "$WIRE_LOGS/$1.out"
}

if [ "${1:-}" = --one ]; then
    run_script "$2"
    exit 0
fi

server_needed
if [ $# -eq 0 ]; then
    for file in tests/wire/scripts/*.wire; do
        set -- "$@" "$(basename "$file" .wire)"
    done
    set -- "$@" hostile fuzz
fi
rm -rf "$WIRE_LOGS"
mkdir -p "$WIRE_LOGS"

work=$(mktemp -d "${TMPDIR:-/tmp}/dassie-wire.XXXXXX")
server_pid=
trap '[ -z "$server_pid" ] || kill -9 "$server_pid" 2>/dev/null; rm -rf "$work"' EXIT
WIRE_SOCKET_DIR=$work
WIRE_PORT=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
WIRE_TCP_PORT=$WIRE_PORT
DASSIE_PASSWORD=secret
WIRE_PASSWORD=$DASSIE_PASSWORD
export WIRE_SOCKET_DIR WIRE_PORT WIRE_TCP_PORT WIRE_PASSWORD DASSIE_PASSWORD
server_port=$WIRE_PORT
server_start "$work" "$work/wire.db" || {
    echo "0 passed, 1 failed"
    exit 1
}
# The process that serves, below its supervisor.
read -r WIRE_SERVER_PID _ <"/proc/$server_pid/task/$server_pid/children"
export WIRE_SERVER_PID

passed=0
failed=0
scripts=
programs=
for name in "$@"; do
    case $name in
    hostile | fuzz) programs="$programs $name" ;;
    *) scripts="$scripts $name" ;;
    esac
done
if [ -n "$scripts" ]; then
    # shellcheck disable=SC2086
    printf '%s\n' $scripts | xargs -P "${JOBS:-$(nproc)}" -n 1 tests/wire/run.sh --one
    for name in $scripts; do
        if [ -f "$WIRE_LOGS/$name.diff" ]; then
            failed=$((failed + 1))
            echo "FAILED $name ($WIRE_LOGS/$name.diff):"
            head -n "${WIRE_DIFF_LINES:-40}" "$WIRE_LOGS/$name.diff" | sed 's/^/    /'
        else
            passed=$((passed + 1))
        fi
    done
fi
for name in $programs; do
    timeout 900 /usr/bin/python3 "tests/wire/$name.py" >"$WIRE_LOGS/$name.out" 2>&1
    counts=$(tail -n 1 "$WIRE_LOGS/$name.out" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p')
    if [ -z "$counts" ]; then
        counts="0 1"
    fi
    [ "${counts#* }" -eq 0 ] || grep -v '^ok' "$WIRE_LOGS/$name.out" | head -n 60
    [ "$name" != fuzz ] || grep '^seed' "$WIRE_LOGS/$name.out"
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
done
server_end "$work" "$work/wire.db" || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
