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

config long "" crash kill input iso wire fuzz
config debug "--buildtype=debug" unit sql
config tiny "-Dtiny=true" unit sql
config page2k "-Dpage_size=2048" unit sql
config page4k "-Dpage_size=4096" unit sql
config vector1 "-Dvector_size=1" unit sql fuzz
config tsan "-Db_sanitize=thread -Db_lundef=false -Dpessimistic=true" unit
exit $failed
