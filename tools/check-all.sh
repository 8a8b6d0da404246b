#!/bin/sh
# check-all.sh - the long forms of the tests, part by part; a stopped run goes on where it was
#
# Usage: tools/check-all.sh [--list] [PART ...]
#        make check-all [PART="tiny page2k/sql"]
#
# A part is a configuration (a build of its own) and a suite: tiny/sql. PART names one, a slice of one
# (plain/history.2), or all of a configuration (tiny). What has passed is not run again until the sources
# or that suite change; what failed, or was cut off, is. State and logs are in build/check-all, the
# builds in build-NAME: remove the first to begin anew.
#
# --list shows what there is and what it gave last, and runs nothing. The table at the end is about all
# parts asked for. Exit code 0: every one of them has passed on the sources as they are.
#
# A suite that knows a long form reads CHECK_ALL=1. Seeds come from the clock there and are printed; long
# runs of random load are cut into slices, each with seeds of its own.
#
# Measured on two processors shared with other work, building aside (two to ten minutes a build): tiny, page2k,
# page4k, page16k and vector1 two to seven minutes each. By its settings a slice of history takes 1.5 minutes,
# stress 6, wire 1 more than in ./test, crash 12 in all, faults 30: about three hours together. That sum is an
# estimate, no whole run has been timed. The table says how long each part took.
# JOBS limits the compilers at work and, in suites that run several things at once, those.
set -u
cd "$(dirname "$0")/.." || exit 1
. tools/suite.sh

state=build/check-all
list=false
if [ "${1:-}" = --list ]; then
    list=true
    shift
fi
wanted=$*
matched=
total_passed=0
total_failed=0
not_run=0
table=

# sources SUITE - a digest of what a result of that suite depends on
sources() {
    if [ "$1" = tidy ]; then
        find . -path './build*' -prune -o -path ./.git -prune -o -type f -print
    else
        find src meson.build meson_options.txt tests/lib "tests/$1" -type f ! -name '*.md' ! -name '*.pyc'
    fi |
        LC_ALL=C sort | xargs sha1sum | sha1sum | cut -c1-16
}

# is_wanted CONFIG SUITE SLICE - named on the command line, or nothing is
is_wanted() {
    [ -n "$wanted" ] || return 0
    for pattern in $wanted; do
        case $pattern in
        "$1" | "$1/$2" | "$1/$3")
            matched="$matched $pattern"
            return 0
            ;;
        esac
    done
    return 1
}

# note LINE - remember a line for the table
note() {
    table="$table$1
"
}

# recall PART DIGEST - take passed, failed and seconds of an earlier run; false when it is of other sources
recall() {
    [ -f "$state/$1.result" ] || return 1
    read -r digest passed failed seconds <"$state/$1.result"
    [ "$digest" = "$2" ]
}

# part CONFIG "MESON OPTIONS" SUITE SLICE - build if need be, run one suite, keep what it gave
part() {
    name=$1/$4
    is_wanted "$1" "$3" "$4" || return 0
    now=$(sources "$3")
    if recall "$name" "$now" && { $list || [ "$failed" -eq 0 ]; }; then
        note "$(suite_line "$name")"
    elif $list; then
        not_run=$((not_run + 1))
        note "$(printf '%-18s not run on these sources' "$name")"
        return 0
    else
        mkdir -p "$state/$1"
        rm -f "$state/$name.result"
        build=build
        [ "$1" = plain ] || build=build-$1
        echo "== $name ..."
        passed=0 failed=1 seconds=0
        # shellcheck disable=SC2086
        if tools/build.sh "$build" $2; then
            case $3 in
            tidy) suite_run "$state/$name.log" 600 python3 tools/tidy.py ;;
            crash) suite_run "$state/$name.log" 14400 env BUILD="$build" tests/crash/run.sh \
                --seeds "$(crash_seeds "$name")" --state "$state/$name.seeds" ;;
            faults)
                how=--all
                [ "$1" = crash ] || how="--real --all --step 7"
                # shellcheck disable=SC2086
                suite_run "$state/$name.log" 14400 env BUILD="$build" DASSIE="$PWD/$build/dassie" tests/faults/run.sh $how
                ;;
            *) suite_run "$state/$name.log" 3600 env BUILD="$build" DASSIE="$PWD/$build/dassie" "tests/$3/run.sh" ;;
            esac
        fi
        echo "$now $passed $failed $seconds" >"$state/$name.result"
        suite_line "$name"
        note "$(suite_line "$name")"
    fi
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
}

# crash_seeds PART - seeds nobody tried before; the same again while that run is not finished on these sources
crash_seeds() {
    if ! [ -f "$state/$1.range" ] || [ "$(cat "$state/$1.of" 2>/dev/null)" != "$now" ]; then
        rm -f "$state/$1".seeds.*
        echo "$now" >"$state/$1.of"
        first=$(date +%s)0000
        echo "$first-$((first + CRASH_SEEDS - 1))" >"$state/$1.range"
    fi
    cat "$state/$1.range"
}

# config NAME "MESON OPTIONS" SUITE[*SLICES] ... - the parts of one build
config() {
    config_name=$1
    config_options=$2
    shift 2
    for word in "$@"; do
        suite=${word%\**}
        case $word in
        *\**)
            slice=1
            while [ "$slice" -le "${word#*\*}" ]; do
                part "$config_name" "$config_options" "$suite" "$suite.$slice"
                slice=$((slice + 1))
            done
            ;;
        *) part "$config_name" "$config_options" "$suite" "$suite" ;;
        esac
    done
}

if ! $list; then
    tools/install.sh all || exit 1
    mkdir -p "$state"
fi
crash="--buildtype=debug -Doptimization=1 -Dwerror=false -Dtiny=true -Dpage_size=1024"
sanitize="-Db_sanitize=address,undefined -Db_lundef=false"

CHECK_ALL=1
HISTORY_ROUNDS=1
FUZZ_SEEDS=250
CRASH_SEEDS=2500
export CHECK_ALL HISTORY_ROUNDS FUZZ_SEEDS CRASH_SEEDS
config plain "" tidy unit sql psql input iso wire clients suites kill stress 'history*6' 'fuzz*4'
config crash "$crash" 'crash*4' faults
CC=clang-14
export CC
config clang "" unit sql
unset CC

STRESS_ROUNDS=1
export STRESS_ROUNDS
config tiny "-Dtiny=true" unit sql iso stress
# An index key has at most a third of a page: these files have wider ones, or ask for that limit.
SQL_LEAVE_OUT="big_values con_unique limits_index_key"
export SQL_LEAVE_OUT
config page2k "-Dpage_size=2048" unit sql iso stress
config page4k "-Dpage_size=4096" unit sql iso stress
# What runs at the smallest page: trees, races, and the server under load, with assertions.
UNIT_ONLY="test_btree_linear test_btree_model test_store_pool test_race_store test_race_txn"
export UNIT_ONLY
config page512 "--buildtype=debug -Doptimization=1 -Dwerror=false -Dtiny=true -Dpage_size=512" unit stress
unset UNIT_ONLY
SQL_LEAVE_OUT=limits_index_key
config page16k "-Dpage_size=16384" unit sql iso stress
# With one row in a chunk, what is kept for each chunk on disk is more than 64 times its work_mem.
SQL_LEAVE_OUT=window_spill
export SQL_LEAVE_OUT
config vector1 "-Dvector_size=1" unit sql iso stress fuzz
unset SQL_LEAVE_OUT

# The first race ends the program, so that no suite passes over one, also where it kills servers.
# Signals that tests/kill sends must end it as they do otherwise.
TSAN_OPTIONS=halt_on_error=1:history_size=5:handle_segv=0:handle_abort=0:handle_sigbus=0
HISTORY_SECONDS=6
STRESS_SECONDS=5
KILL_ROUNDS=6
KILL_HUGE_ROWS=100000
KILL_PREPARED_ROUNDS=3
FUZZ_SEEDS=40
export TSAN_OPTIONS HISTORY_SECONDS STRESS_SECONDS KILL_ROUNDS KILL_HUGE_ROWS KILL_PREPARED_ROUNDS
config tsan "-Db_sanitize=thread -Db_lundef=false -Dpessimistic=true" unit sql iso history stress wire clients kill fuzz
unset TSAN_OPTIONS HISTORY_SECONDS STRESS_SECONDS

ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=0:quarantine_size_mb=8
UBSAN_OPTIONS=print_stacktrace=1
CRASH_SEEDS=1000
export ASAN_OPTIONS UBSAN_OPTIONS
config crash-asan "$crash $sanitize" crash
config debug "--buildtype=debug $sanitize" unit sql iso wire input clients kill fuzz faults

for pattern in $wanted; do
    case " $matched " in
    *" $pattern "*) ;;
    *)
        echo "there is no part $pattern"
        total_failed=$((total_failed + 1))
        ;;
    esac
done
echo
printf '%s' "$table"
[ "$not_run" -eq 0 ] || echo "$not_run parts not run"
echo "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ] && [ "$not_run" -eq 0 ] && [ "$total_passed" -gt 0 ]
