#!/bin/sh
# run.sh - kill -9 of a real server under load, again and again, and look whether everything is there
#
# Usage: tests/kill/run.sh     KILL_ROUNDS=n, KILL_SEED=n; CHECK_ALL=1 makes many rounds. DASSIE names the program.
# kill.py says what is done and checked. On failure the file and the server's log are kept in the test logs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh

[ -x "$DASSIE" ] || {
    echo "there is no $DASSIE"
    echo "0 passed, 1 failed"
    exit 1
}
PYTHONDONTWRITEBYTECODE=1
KILL_WORK=$(mktemp -d "${TMPDIR:-/tmp}/dassie-kill.XXXXXX")
export PYTHONDONTWRITEBYTECODE KILL_WORK DASSIE
trap 'rm -rf "$KILL_WORK"' EXIT
timeout 1100 /usr/bin/python3 tests/kill/kill.py >"$KILL_WORK/out" 2>&1
status=$?
if [ $status -ne 0 ]; then
    kept=${BUILD:-build}/test-logs/kill
    rm -rf "$kept"
    mkdir -p "$(dirname "$kept")"
    cp -R "$KILL_WORK" "$kept" 2>/dev/null
    tail -n 20 "$KILL_WORK/server.log"
fi
cat "$KILL_WORK/out"
exit $status
