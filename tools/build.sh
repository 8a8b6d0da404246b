#!/bin/sh
# build.sh - configure (once) and build quietly; the whole output is shown only on failure
#
# Usage: tools/build.sh DIR [-Dmeson=option ...] [-- TARGET ...]
# JOBS in the environment limits the number of compilers (default: all cores).
set -eu
cd "$(dirname "$0")/.."

dir=$1
shift
options=
while [ $# -gt 0 ]; do
    if [ "$1" = -- ]; then
        shift
        break
    fi
    options="$options $1"
    shift
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
    "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        echo "build.sh: failed: $*" >&2
        exit 1
    }
}

# A half-made configuration (an interrupted first run) is thrown away.
if [ ! -f "$dir/build.ninja" ]; then
    rm -rf "$dir"
    # shellcheck disable=SC2086
    quietly meson setup "$dir" $options
fi
# ./run configures without cmocka; the first ./test after it adds the unit tests.
if ! grep -q tests/unit/test_ "$dir/build.ninja" && pkg-config --exists cmocka; then
    quietly meson setup --reconfigure "$dir"
fi
quietly ninja -C "$dir" ${JOBS:+-j "$JOBS"} "$@"
