#!/bin/sh
# run.sh - psql's backslash commands and definitions written as SQL, compared with PostgreSQL 15's
#
# Usage: tests/psql/run.sh [NAME ...]
#
# The files and their recorded answers are like those of tests/sql, whose runner this is; record them with
# tests/sql/record.sh NAME.
exec "$(dirname "$0")/../sql/run.sh" --folder tests/psql "$@"
