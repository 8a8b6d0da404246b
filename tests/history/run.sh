#!/bin/sh
# run.sh - histories of random concurrent transactions, checked for anomalies of isolation
#
# Usage: tests/history/run.sh            HISTORY_SEED, HISTORY_ROUNDS, HISTORY_SECONDS, HISTORY_PLAN (part of a name);
#        tests/history/run.sh --oracle   the same load on PostgreSQL: the checker must find nothing there
# CHECK_ALL=1 makes many and longer rounds. DASSIE names the program. A failed history is kept in the test logs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh

PYTHONDONTWRITEBYTECODE=1
HISTORY_WORK=$(mktemp -d "${TMPDIR:-/tmp}/dassie-history.XXXXXX")
WIRE_SOCKET_DIR=$HISTORY_WORK
WIRE_PORT=5432
PYTHONPATH=tests/wire
export PYTHONDONTWRITEBYTECODE HISTORY_WORK WIRE_SOCKET_DIR WIRE_PORT DASSIE PYTHONPATH
trap 'rm -rf "$HISTORY_WORK"' EXIT
mode=
if [ "${1:-}" = --oracle ]; then
    mode=oracle
    chmod 755 "$HISTORY_WORK"
    WIRE_SOCKET_DIR=$HISTORY_WORK/pg
    tools/oracle.sh start "$WIRE_SOCKET_DIR" -c deadlock_timeout=10ms >/dev/null || exit 1
    trap 'tools/oracle.sh stop "$WIRE_SOCKET_DIR"; rm -rf "$HISTORY_WORK"' EXIT
elif [ ! -x "$DASSIE" ]; then
    echo "there is no $DASSIE"
    echo "0 passed, 1 failed"
    exit 1
fi
# shellcheck disable=SC2086
timeout 3000 /usr/bin/python3 tests/history/history.py $mode >"$HISTORY_WORK/out" 2>&1
status=$?
if [ $status -ne 0 ]; then
    kept=${BUILD:-build}/test-logs/history
    rm -rf "$kept"
    mkdir -p "$(dirname "$kept")"
    cp -R "$HISTORY_WORK" "$kept" 2>/dev/null
    [ -f "$HISTORY_WORK/server.log" ] && tail -n 20 "$HISTORY_WORK/server.log"
fi
cat "$HISTORY_WORK/out"
exit $status
