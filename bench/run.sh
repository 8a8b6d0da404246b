#!/bin/sh
# run.sh - the figures of dassie beside PostgreSQL 15 on this machine, in one run, as ratios
#
# Usage: bench/run.sh [--quick] [--state DIR] [--minutes N] [FIGURE ...]
#
# Without FIGURE all are measured; `bench/run.sh --list` names them. --quick shortens every run: a look,
# not a result. Long figures keep what has been measured in DIR, and --minutes says how long this run may
# take: the next run goes on there. Both servers are private, durable (fsync on) and have the same shared_buffers. Run it on a
# machine that does nothing else. Exit code 0: every target was reached.
set -eu
cd "$(dirname "$0")/.."
tools/install.sh bench
tools/build.sh build
PATH=$PATH:/usr/lib/postgresql/15/bin
PYTHONDONTWRITEBYTECODE=1
export PATH PYTHONDONTWRITEBYTECODE
exec /usr/bin/python3 bench/main.py "$@"
