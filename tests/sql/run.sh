#!/bin/sh
# run.sh - run tests/sql/*.sql on dassie and compare with what PostgreSQL 15 answered
#
# Usage: tests/sql/run.sh [--next | --folder DIR] [--config "SERVER ARGUMENTS"] [NAME ...]
#
# --folder: the files of another folder of the same shape (tests/psql).
# --next runs tests/sql/next/*.sql instead: recorded files of SQL that is not promised yet. ./test does not
# run them; a file moves up to tests/sql when what it shows is built.
#
# Each file has a server and a database file of its own; the server must end cleanly afterwards and
# `dassie check` must find the file sound. DASSIE names the program (default: build/dassie), JOBS the files
# run at once. The outputs and differences of failed files stay in $BUILD/test-logs/sql.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh
. tests/sql/psql.sh

# run_one NAME - run one file; leaves NAME.diff when something is wrong
run_one() {
    name=$1
    work=$(mktemp -d "${TMPDIR:-/tmp}/dassie-sql.XXXXXX")
    # A file may ask for server arguments of its own in its first line: "-- server: --set work_mem=64kB".
    own=$(sed -n '1s/^-- server: //p' "$SQL_FOLDER/$name.sql")
    # shellcheck disable=SC2086
    if server_start "$work" "$work/test.db" $SQL_CONFIG $own >"$SQL_LOGS/$name.diff"; then
        sql_run "$work" "$SQL_FOLDER/$name.sql" >"$SQL_LOGS/$name.out"
        server_stop
        stopped=$?
        diff -U3 "$SQL_FOLDER/expected/$name.out" "$SQL_LOGS/$name.out" >"$SQL_LOGS/$name.diff" 2>&1
        if [ $stopped -ne 0 ]; then
            {
                echo "the server ended with exit code $stopped:"
                tail -n 40 "$work/server.log"
            } >>"$SQL_LOGS/$name.diff"
        elif ! "$DASSIE" check "$work/test.db" >"$work/check.log" 2>&1; then
            {
                echo "dassie check:"
                tail -n 20 "$work/check.log"
            } >>"$SQL_LOGS/$name.diff"
        fi
        [ -s "$SQL_LOGS/$name.diff" ] || rm -f "$SQL_LOGS/$name.diff" "$SQL_LOGS/$name.out"
    fi
    rm -rf "$work"
}

if [ "${1:-}" = --one ]; then
    run_one "$2"
    exit 0
fi

SQL_FOLDER=tests/sql
if [ "${1:-}" = --next ]; then
    SQL_FOLDER=tests/sql/next
    shift
elif [ "${1:-}" = --folder ]; then
    SQL_FOLDER=$2
    shift 2
fi
SQL_CONFIG=
if [ "${1:-}" = --config ]; then
    SQL_CONFIG=$2
    shift 2
fi
SQL_LOGS=${BUILD:-build}/test-logs/$(basename "$SQL_FOLDER")
export SQL_FOLDER SQL_CONFIG SQL_LOGS DASSIE
rm -rf "$SQL_LOGS"
mkdir -p "$SQL_LOGS"

server_needed
if [ $# -eq 0 ]; then
    for file in "$SQL_FOLDER"/*.sql; do
        case " ${SQL_LEAVE_OUT:-} " in
        *" $(basename "$file" .sql) "*) ;;
        *) set -- "$@" "$file" ;;
        esac
    done
fi

for file in "$@"; do
    basename "$file" .sql
done | xargs -P "${JOBS:-$(nproc)}" -n 1 tests/sql/run.sh --one

failed=0
for file in "$@"; do
    name=$(basename "$file" .sql)
    if [ -f "$SQL_LOGS/$name.diff" ]; then
        failed=$((failed + 1))
        echo "FAILED $name ($SQL_LOGS/$name.diff):"
        head -n "${SQL_DIFF_LINES:-30}" "$SQL_LOGS/$name.diff" | sed 's/^/    /'
    fi
done
if [ $failed -ne 0 ]; then
    # The nearest to right first, and what goes wrong most often.
    echo "failed files, with the number of places where they differ:"
    for diff in "$SQL_LOGS"/*.diff; do
        echo "    $(grep -c '^@@' "$diff") $(basename "$diff" .diff)"
    done | sort -n
    echo "the most frequent errors that were not expected:"
    cat "$SQL_LOGS"/*.diff | grep '^+[A-Z]*: ' | cut -c2-120 | sort | uniq -c | sort -rn | head -n 20
fi
echo "$(($# - failed)) passed, $failed failed"
[ $failed -eq 0 ]
