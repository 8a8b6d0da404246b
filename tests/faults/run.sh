#!/bin/sh
# run.sh - the n-th disk operation fails, on the simulated machine, and nothing is lost or wrong.
# Usage: tests/faults/run.sh [--all]      BUILD=dir overrides the build directory
# Without arguments every 37th operation of the statements and every 3rd of recovery, one error and
# one that stays; with --all every one of them (about half an hour on two processors). Ends with "N
# passed, M failed"; each failing case is printed with the command that repeats it.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-build-crash}
if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" --buildtype=debug -Doptimization=1 -Dwerror=false -Dtiny=true -Dpage_size=1024 >/dev/null || exit 2
fi
ninja -C "$build" tests/faults/fault_sim >/dev/null || { ninja -C "$build" tests/faults/fault_sim; exit 2; }
step=37
step_recovery=3
[ "${1:-}" = --all ] && step=1 step_recovery=1
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
"$build/tests/faults/fault_sim" --part script --step $step >"$out/script" 2>"$out/log1" &
"$build/tests/faults/fault_sim" --part recovery --step $step_recovery >"$out/recovery" 2>"$out/log2" &
wait
grep -hv ' passed, ' "$out"/script "$out"/recovery | sed "s|; again: |; again: $build/tests/faults/|"
awk '/ passed, /{p+=$1;f+=$3} END{printf "%d passed, %d failed\n",p,f; exit f>0||p==0}' "$out"/script "$out"/recovery
