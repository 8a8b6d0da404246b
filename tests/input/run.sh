#!/bin/sh
# run.sh - what a server must refuse or live through: wrong files, a full disk, too many clients, time-outs, its own end
#
# Usage: tests/input/run.sh [NAME ...]     NAME as unittest names it: Files, Limits.test_connections
# input.py has the cases. DASSIE names the program (default: build/dassie).
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh

server_needed
PYTHONDONTWRITEBYTECODE=1
INPUT_WORK=$(mktemp -d "${TMPDIR:-/tmp}/dassie-input.XXXXXX")
trap 'umount "$INPUT_WORK/small" 2>/dev/null; rm -rf "$INPUT_WORK"' EXIT
INPUT_BEND=$INPUT_WORK/bend
export PYTHONDONTWRITEBYTECODE INPUT_WORK INPUT_BEND DASSIE
gcc -O1 -o "$INPUT_BEND" tests/input/bend.c || {
    echo "0 passed, 1 failed"
    exit 1
}
# The real thing where it may be had: a file system of 48 MB that can be filled.
INPUT_SMALL=
if mkdir "$INPUT_WORK/small" && mount -t tmpfs -o size=48m tmpfs "$INPUT_WORK/small" 2>/dev/null; then
    INPUT_SMALL=$INPUT_WORK/small
fi
export INPUT_SMALL
timeout 600 /usr/bin/python3 tests/input/input.py "$@"
