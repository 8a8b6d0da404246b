#!/bin/sh
# run.sh - unique keys, foreign keys, indexes and DDL under concurrent load
#
# Usage: tests/stress/run.sh     STRESS_SEED, STRESS_SECONDS, STRESS_ROUNDS, STRESS_SCENE (part of a name); CHECK_ALL=1 makes long rounds.
# stress.py says what is done and checked. DASSIE names the program. On failure the files are kept in the test logs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh

server_needed
PYTHONDONTWRITEBYTECODE=1
STRESS_WORK=$(mktemp -d "${TMPDIR:-/tmp}/dassie-stress.XXXXXX")
WIRE_SOCKET_DIR=$STRESS_WORK
WIRE_PORT=5432
export PYTHONDONTWRITEBYTECODE STRESS_WORK WIRE_SOCKET_DIR WIRE_PORT DASSIE
trap 'rm -rf "$STRESS_WORK"' EXIT
timeout 1100 /usr/bin/python3 tests/stress/stress.py >"$STRESS_WORK/out" 2>&1
status=$?
if [ $status -ne 0 ]; then
    kept=${BUILD:-build}/test-logs/stress
    rm -rf "$kept"
    mkdir -p "$(dirname "$kept")"
    cp -R "$STRESS_WORK" "$kept" 2>/dev/null
    tail -n 20 "$STRESS_WORK/server.log"
fi
cat "$STRESS_WORK/out"
exit $status
