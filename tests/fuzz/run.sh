#!/bin/sh
# run.sh - random statements on dassie and on PostgreSQL 15 side by side (tests/fuzz/sql_diff.py)
#
# Usage: tests/fuzz/run.sh [--config "SERVER ARGUMENTS"] [FIRST-LAST]
#
# The default is a fixed 40 seeds; with CHECK_ALL=1 it is FUZZ_SEEDS (1,000) seeds that nobody tried
# before (from the clock, printed). A seed that fails is run again by its number.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh

config=
if [ "${1:-}" = --config ]; then
    config=$2
    shift 2
fi
seeds=${1:-1-40}
if [ -n "${CHECK_ALL:-}" ] && [ $# -eq 0 ]; then
    first=$(date +%s)
    seeds=$first-$((first + ${FUZZ_SEEDS:-1000} - 1))
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/dassie-fuzz.XXXXXX")
chmod 755 "$work"
server_pid=
trap '[ -z "$server_pid" ] || kill -9 "$server_pid" 2>/dev/null; tools/oracle.sh stop "$work/oracle" 2>/dev/null; rm -rf "$work"' EXIT
broken() {
    echo "$1"
    echo "0 passed, 1 failed"
    exit 1
}
tools/oracle.sh start "$work/oracle" || broken "no PostgreSQL to compare with"
# shellcheck disable=SC2086
server_start "$work" "$work/fuzz.db" $config || broken "the server did not start"
echo "seeds $seeds"
/usr/bin/python3 tests/fuzz/sql_diff.py --dassie "postgresql://postgres@/postgres?host=$work" \
    --oracle "$(tools/oracle.sh dsn "$work/oracle")" --seeds "$seeds" >"$work/out"
status=$?
server_stop || broken "the server did not end cleanly: $(tail -n 20 "$work/server.log")"
"$DASSIE" check "$work/fuzz.db" >"$work/check.log" 2>&1 || broken "dassie check: $(tail -n 20 "$work/check.log")"
cat "$work/out"
exit $status
