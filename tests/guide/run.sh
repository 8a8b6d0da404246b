#!/bin/sh
# run.sh - the pages of docs/guide: what they tell people to type is typed, what they show must be shown
#
# Usage: tests/guide/run.sh [--oracle] [--all] [PAGE[#SECTION] ...]     tasks, or tasks#Backup
#        tests/guide/run.sh --record [PAGE ...]      write what the pages show, from PostgreSQL 15
#
# A case is a section of a page. --oracle runs the same on PostgreSQL 15, which shows that the pages tell PostgreSQL's
# way. Without arguments the sections in `waiting` are left out; --all runs them, too. DASSIE names the program.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh
PYTHONDONTWRITEBYTECODE=1
# Debian's own Python has the packages that tools/install.sh installs.
PATH=/usr/bin:$PATH:/usr/lib/postgresql/15/bin
PGPORT=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export PYTHONDONTWRITEBYTECODE PATH PGPORT

where=dassie
record=
case ${1:-} in
--oracle)
    where=oracle
    shift
    ;;
--record)
    where=oracle
    record=--record
    shift
    ;;
esac
# What each waits for stands in tests/guide/README.md.
waiting=
if [ "${1:-}" = --all ]; then
    waiting=
    shift
fi
[ $where = dassie ] && [ $# -eq 0 ] || waiting=

work=$(mktemp -d "${TMPDIR:-/tmp}/dassie-guide.XXXXXX")
chmod 755 "$work"
server_pid=
trap 'if [ $where = oracle ]; then tools/oracle.sh stop "$work/run" 2>/dev/null; else [ -z "$server_pid" ] || kill -9 "$server_pid" 2>/dev/null; fi; rm -rf "$work"' EXIT
[ $where = oracle ] || server_needed

# start - a fresh server with its socket in $work/run
start() {
    if [ $where = oracle ]; then
        tools/oracle.sh start "$work/run" --port "$PGPORT" -c shared_preload_libraries=pg_stat_statements || return 1
        sed -i 's/^host.*/host all all 127.0.0.1\/32 scram-sha-256/' "$work/run/data/pg_hba.conf"
        tools/oracle.sh psql "$work/run" -qAt -c 'SELECT pg_reload_conf()' >/dev/null
    else
        mkdir "$work/run"
        server_port=$PGPORT
        server_start "$work/run" "$work/run/guide.db"
    fi
}

# stop - end it; a file of dassie must be sound
stop() {
    if [ $where = oracle ]; then
        tools/oracle.sh stop "$work/run"
    else
        server_end "$work/run" "$work/run/guide.db"
        ended=$?
        rm -rf "$work/run"
        return $ended
    fi
}

passed=0
failed=0
if [ $# -eq 0 ]; then
    for page in docs/guide/*.md; do
        [ "$page" = docs/guide/README.md ] || set -- "$@" "$(basename "$page" .md)"
    done
fi
for name in "$@"; do
    case " $waiting " in *" $name "*) continue ;; esac
    if ! start; then
        failed=$((failed + 1))
        continue
    fi
    # shellcheck disable=SC2086
    PGHOST=$work/run PGUSER=postgres PGDATABASE=postgres timeout 300 /usr/bin/python3 tests/guide/guide.py $record \
        --leave-out "$waiting" "docs/guide/${name%%#*}.md" "${name#"${name%%#*}"}" >"$work/out" 2>&1
    sed '$d' "$work/out"
    counts=$(tail -n 1 "$work/out")
    case $counts in
    [0-9]*" passed, "*)
        passed=$((passed + $(echo "$counts" | cut -d' ' -f1)))
        failed=$((failed + $(echo "$counts" | cut -d' ' -f3)))
        ;;
    *)
        echo "$counts"
        failed=$((failed + 1))
        ;;
    esac
    stop || failed=$((failed + 1))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
