#!/bin/sh
# run.sh - the n-th disk operation fails, on the simulated machine and below a real server, and nothing is lost or wrong.
# Usage: tests/faults/run.sh [--all]      BUILD=dir overrides the simulator's build directory, DASSIE the server
#        tests/faults/run.sh --real [--all] [ARGUMENT ...]     the real server alone; real.py says which arguments
#        build/tests/faults/fault_memory [WORD]     refused memory alone, for statements with that word
# Without --all (or CHECK_ALL=1) every 37th operation of the statements and every 3rd of recovery, one error and one that
# stays, and some calls of the real server; with it every one of them (about an hour on two processors). Ends with
# "N passed, M failed"; each failing case is printed with the command that repeats it.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/lib/server.sh
server_needed
PYTHONDONTWRITEBYTECODE=1
FAULTS_KEPT=${FAULTS_KEPT:-$(dirname "$DASSIE")/test-logs/faults}
export PYTHONDONTWRITEBYTECODE FAULTS_KEPT DASSIE
[ "${CHECK_ALL:-}" = 1 ] && [ $# -eq 0 ] && set -- --all
if [ "${1:-}" = --real ]; then
    shift
    exec /usr/bin/python3 tests/faults/real.py "$@"
fi
build=${BUILD:-build-crash}
if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" --buildtype=debug -Doptimization=1 -Dwerror=false -Dtiny=true -Dpage_size=1024 >/dev/null || exit 2
fi
ninja -C "$build" tests/faults/fault_sim tests/faults/fault_memory >"$build/faults.out" || { cat "$build/faults.out"; exit 2; }
step=37
step_recovery=3
[ "${1:-}" = --all ] && step=1 step_recovery=1
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
"$build/tests/faults/fault_sim" --part script --step $step >"$out/script" 2>"$out/log1" &
"$build/tests/faults/fault_sim" --part recovery --step $step_recovery >"$out/recovery" 2>"$out/log2" &
/usr/bin/python3 tests/faults/real.py "$@" >"$out/real" 2>&1 &
"$build/tests/faults/fault_memory" >"$out/memory" 2>&1 &
wait
grep -hv ' passed, ' "$out"/script "$out"/recovery | sed "s|; again: |; again: $build/tests/faults/|"
grep -hv ' passed, ' "$out/real" "$out/memory"
awk '/ passed, /{p+=$1;f+=$3;n++} END{if(n!=4)f++; printf "%d passed, %d failed\n",p,f; exit f>0||p==0}' \
    "$out"/script "$out"/recovery "$out"/real "$out"/memory
