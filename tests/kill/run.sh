#!/bin/sh
# run.sh - kill -9 of a real server under load, again and again, and look whether everything is there
#
# Usage: tests/kill/run.sh     KILL_ROUNDS=n, KILL_SEED=n, KILL_PREPARED_ROUNDS=n, KILL_HUGE_ROWS=n; CHECK_ALL=1 makes
# many rounds. DASSIE names the program. kill.py and restart.py say what is done and checked. On failure the files and
# the server's log are kept in the test logs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh

server_needed
PYTHONDONTWRITEBYTECODE=1
KILL_WORK=$(mktemp -d "${TMPDIR:-/tmp}/dassie-kill.XXXXXX")
export PYTHONDONTWRITEBYTECODE KILL_WORK DASSIE
trap 'rm -rf "$KILL_WORK"' EXIT
status=0
passed=0
failed=0
for part in restart databases kill; do
    if ! timeout 1100 /usr/bin/python3 "tests/kill/$part.py" >"$KILL_WORK/out" 2>&1; then
        status=1
        [ "$part" = restart ] || tail -n 20 "$KILL_WORK/server.log"
    fi
    cat "$KILL_WORK/out" >>"$KILL_WORK/outs"
    passed=$((passed + $(sed -n 's/^\([0-9]*\) passed, [0-9]* failed$/\1/p' "$KILL_WORK/out" | grep . || echo 0)))
    failed=$((failed + $(sed -n 's/^[0-9]* passed, \([0-9]*\) failed$/\1/p' "$KILL_WORK/out" | grep . || echo 1)))
done
if [ $status -ne 0 ]; then
    kept=${BUILD:-build}/test-logs/kill
    rm -rf "$kept"
    mkdir -p "$(dirname "$kept")"
    cp -R "$KILL_WORK" "$kept" 2>/dev/null
fi
grep -v '^[0-9]* passed, [0-9]* failed$' "$KILL_WORK/outs"
echo "$passed passed, $failed failed"
exit $status
