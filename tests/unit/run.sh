#!/bin/sh
# Runs every unit test program of a build, several at once, and adds up cmocka's own counts.
#
# Usage: tests/unit/run.sh [NAME ...]     BUILD names the build directory (default: build)
# UNIT_ONLY in the environment: the names when none are given.
set -u
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
logs=$BUILD/test-logs/unit
rm -rf "$logs"
mkdir -p "$logs"
export BUILD logs

# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- ${UNIT_ONLY:-}
if [ $# -eq 0 ]; then
    for program in "$BUILD"/tests/unit/test_*; do
        [ -f "$program" ] && [ -x "$program" ] && set -- "$@" "$(basename "$program")"
    done
fi
[ $# -gt 0 ] || {
    echo "no unit test programs in $BUILD"
    echo "0 passed, 0 failed"
    exit 1
}

# cmocka prints its messages to stdout and stderr; the exit code decides whether the program as a whole
# did well, so a crash counts as one failure even when no summary was printed.
printf '%s\n' "$@" | xargs -P "${JOBS:-$(nproc)}" -I{} sh -c '
    timeout 300 "$BUILD/tests/unit/{}" >"$logs/{}.log" 2>&1
    echo $? >"$logs/{}.status"'

passed=0
failed=0
for name in "$@"; do
    log=$logs/$name.log
    status=$(cat "$logs/$name.status" 2>/dev/null || echo 127)
    ok=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
    bad=$(sed -n 's/^\[  FAILED  \] .*: \([0-9]*\) test.*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    fi
    if [ "$bad" -ne 0 ]; then
        echo "FAILED $name (exit $status), log $log:"
        tail -n 40 "$log" | sed 's/^/    /'
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
