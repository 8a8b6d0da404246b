#!/bin/sh
# run.sh - psql's backslash commands and definitions written as SQL, compared with PostgreSQL 15's
#
# Usage: tests/psql/run.sh [NAME ...]     files (describe), parts of the dialogue at a terminal (completion), or coverage
#        tests/psql/run.sh --next         what is recorded but not expected to be equal yet (next/README.md says why)
#        tests/psql/run.sh --record       record the dialogues at a terminal from PostgreSQL
#
# The files and their recorded answers are like those of tests/sql, whose runner this is; record them with
# tests/sql/record.sh NAME. terminal.py types into psql, coverage.py looks that no command is forgotten.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh
parts="completion prompts password"
parts_next=
files=
case ${1:-} in
--record)
    work=$(mktemp -d "${TMPDIR:-/tmp}/dassie-psql.XXXXXX")
    chmod 755 "$work"
    trap 'tools/oracle.sh stop "$work/oracle" 2>/dev/null; rm -rf "$work"' EXIT
    for part in $parts $parts_next; do
        tools/oracle.sh start "$work/oracle" || exit 1
        folder=tests/psql/expected
        case " $parts_next " in *" $part "*) folder=tests/psql/next/expected ;; esac
        /usr/bin/python3 tests/psql/terminal.py "$work/oracle" $part "$work/$part.out" || exit 1
        cp "$work/$part.out" "$folder/$part.out"
        tools/oracle.sh stop "$work/oracle"
    done
    exit 0
    ;;
--next)
    folder=tests/psql/next
    parts=$parts_next
    ;;
*)
    folder=tests/psql
    if [ $# -gt 0 ]; then
        chosen=
        for name in "$@"; do
            case " $parts coverage " in
            *" $name "*) chosen="$chosen $name" ;;
            *) files="$files $name" ;;
            esac
        done
        parts=$chosen
    else
        parts="coverage $parts"
    fi
    ;;
esac

passed=0
failed=0

# count LINE - add the counts of a suite's last line
count() {
    passed=$((passed + $(printf '%s\n' "$1" | cut -d' ' -f1)))
    failed=$((failed + $(printf '%s\n' "$1" | cut -d' ' -f3)))
}

if [ -n "$files" ] || [ $# -eq 0 ] || [ "$1" = --next ]; then
    # shellcheck disable=SC2086
    out=$(tests/sql/run.sh --folder "$folder" $files)
    printf '%s\n' "$out" | sed '$d'
    count "$(printf '%s\n' "$out" | tail -n 1)"
fi
[ -z "$parts" ] || server_needed
for part in $parts; do
    if [ "$part" = coverage ]; then
        out=$(/usr/bin/python3 tests/psql/coverage.py)
        printf '%s\n' "$out" | sed '$d'
        count "$(printf '%s\n' "$out" | tail -n 1)"
        continue
    fi
    work=$(mktemp -d "${TMPDIR:-/tmp}/dassie-psql.XXXXXX")
    if server_start "$work" "$work/test.db" &&
        /usr/bin/python3 tests/psql/terminal.py "$work" "$part" "$work/$part.out" &&
        diff -U3 "$folder/expected/$part.out" "$work/$part.out" && server_end "$work" "$work/test.db"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $part"
    fi
    [ -z "$server_pid" ] || kill -9 "$server_pid" 2>/dev/null
    rm -rf "$work"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
