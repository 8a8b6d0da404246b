#!/bin/sh
# run.sh - crash the engine on the simulated machine and verify what survives.
# Usage: tests/crash/run.sh [--seeds A-B] [--state FILE] [--seconds N] [--verbose]   BUILD=dir overrides the build directory
# Without arguments: seeds 1-1000, about 8,000 images, on all processors. Ends with "N passed, M
# failed"; each failing seed is printed with the command that repeats it. With --state the totals are
# kept in FILE.1, FILE.2, ... (one for each processor) and the same command goes on where it stopped;
# --seconds ends it after that time. With CHECK_ALL=1 they are CRASH_SEEDS (10,000) seeds that nobody
# tried before.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-build-crash}
if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" --buildtype=debug -Doptimization=1 -Dwerror=false -Dtiny=true -Dpage_size=1024 >/dev/null || exit 2
fi
ninja -C "$build" tests/crash/crash_sim >/dev/null || { ninja -C "$build" tests/crash/crash_sim; exit 2; }
first=1
last=1000
verbose=
state=
seconds=0
if [ -n "${CHECK_ALL:-}" ]; then
    first=$(date +%s)0000
    last=$((first + ${CRASH_SEEDS:-10000} - 1))
fi
while [ $# -gt 0 ]; do
    case $1 in
    --seeds) first=${2%-*}; last=${2#*-}; shift ;;
    --state) state=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --verbose) verbose=--verbose ;;
    *) sed -n '2,9p' "$0"; exit 2 ;;
    esac
    shift
done
jobs=${CRASH_JOBS:-$(nproc)}
count=$((last - first + 1))
[ "$jobs" -gt "$count" ] && jobs=$count
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
i=0
while [ "$i" -lt "$jobs" ]; do
    a=$((first + count * i / jobs))
    b=$((first + count * (i + 1) / jobs - 1))
    "$build/tests/crash/crash_sim" $verbose ${state:+--state "$state.$((i + 1))"} --seconds "$seconds" \
        --seeds "$a-$b" >"$out/$i" 2>&1 &
    i=$((i + 1))
done
wait
grep -hv -e '^seeds ' -e ' passed, ' -e ' WARNING: ' "$out"/* | sed "s|; again: |; again: $build/tests/crash/|"
awk '/^seeds [0-9]+ failed /{for(i=1;i<NF;i+=2){if(!($i in n)){names[++k]=$i};n[$i]+=$(i+1)}} / passed, /{p+=$1;f+=$3}
     END{for(i=3;i<=k;i++)printf("%s%d %s",(i==3)?"":", ",n[names[i]],names[i]);printf "\n%d passed, %d failed\n",p,f; exit f>0}' "$out"/*
