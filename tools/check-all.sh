#!/bin/sh
# check-all.sh - the long forms of the tests, after ./test has passed
#
# Each line below is one configuration: another build of the program or another way to run a suite.
# A suite that knows a long form reads CHECK_ALL=1. Seeds are unlimited there: they come from the
# clock and are printed.
set -u
cd "$(dirname "$0")/.." || exit 1
CHECK_ALL=1
export CHECK_ALL
failed=0
tools/install.sh all || exit 1

# config NAME "MESON OPTIONS" SUITE... - build one variant and run suites on it
config() {
    name=$1
    options=$2
    shift 2
    # shellcheck disable=SC2086
    tools/build.sh "build-$name" $options || {
        failed=1
        return
    }
    for suite in "$@"; do
        [ -x "tests/$suite/run.sh" ] || continue
        echo "== $suite, $name"
        BUILD=build-$name DASSIE=$PWD/build-$name/dassie "tests/$suite/run.sh" || failed=1
    done
}

config long "" kill history stress input iso wire fuzz clients
crash="--buildtype=debug -Doptimization=1 -Dwerror=false -Dtiny=true -Dpage_size=1024"
config crash "$crash" crash
CC=clang-14
export CC
config clang "" unit sql
unset CC
config tiny "-Dtiny=true" unit sql
# An index key has at most a third of a page: these files have wider ones.
SQL_LEAVE_OUT="big_values con_unique"
export SQL_LEAVE_OUT
config page2k "-Dpage_size=2048" unit sql
config page4k "-Dpage_size=4096" unit sql
unset SQL_LEAVE_OUT
config vector1 "-Dvector_size=1" unit sql fuzz
# The first race ends the program, so that no suite passes over one, also where it kills servers.
TSAN_OPTIONS=halt_on_error=1:history_size=5
HISTORY_SECONDS=6
HISTORY_ROUNDS=1
STRESS_SECONDS=5
ISO_WAITING_SECONDS=0.5
export ISO_WAITING_SECONDS TSAN_OPTIONS HISTORY_SECONDS HISTORY_ROUNDS STRESS_SECONDS
config tsan "-Db_sanitize=thread -Db_lundef=false -Dpessimistic=true" unit sql iso history stress
unset ISO_WAITING_SECONDS TSAN_OPTIONS HISTORY_SECONDS HISTORY_ROUNDS STRESS_SECONDS
CRASH_SEEDS=1000
ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=0:quarantine_size_mb=8
UBSAN_OPTIONS=print_stacktrace=1
export CRASH_SEEDS ASAN_OPTIONS UBSAN_OPTIONS
sanitize="-Db_sanitize=address,undefined -Db_lundef=false"
config crash-asan "$crash $sanitize" crash
config debug "--buildtype=debug $sanitize" unit sql kill input iso wire fuzz clients
exit $failed
