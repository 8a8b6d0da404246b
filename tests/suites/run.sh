#!/bin/sh
# run.sh - whole public test suites of real clients, on a new server or on PostgreSQL 15
#
# Usage: tests/suites/run.sh [--oracle | --dsn DSN --name NAME] [--seconds N] [--again | --failed] [SUITE[/PART] ...]
#        tests/suites/run.sh --list
#
# Without --oracle or --dsn a dassie is started for each suite (DASSIE names the program otherwise). What a test gave is
# kept in build/suites/results/SERVER/SUITE.jsonl; what is there is not run again, so a stopped run goes on where it was.
# --seconds N stops after N seconds; --again forgets the results of the suites named, --failed those of failed tests only.
# Without SUITE a short choice is run, and compared with what PostgreSQL passes (results/postgresql): its summary is ./test's.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh
PYTHONDONTWRITEBYTECODE=1
PATH=$PATH:/usr/lib/postgresql/15/bin
export PYTHONDONTWRITEBYTECODE PATH

server=dassie
dsn=
again=
seconds=0
short=false
while [ $# -gt 0 ]; do
    case $1 in
    --oracle) server=postgresql ;;
    --dsn)
        dsn=$2
        shift
        ;;
    --name)
        server=$2
        shift
        ;;
    --seconds)
        seconds=$2
        shift
        ;;
    --again | --failed) again=$1 ;;
    --list)
        exec /usr/bin/python3 tests/suites/main.py --list
        ;;
    -*)
        sed -n '4,5s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    *) break ;;
    esac
    shift
done
if [ $# -eq 0 ]; then
    # A server that is not there yet, or no network to take the suites from: said, not passed over.
    short=true
    again=--again
    if [ "${CHECK_ALL:-0}" = 1 ]; then
        # shellcheck disable=SC2046
        set -- $(/usr/bin/python3 tests/suites/main.py --all)
        again=
    else
        set -- short
    fi
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/dassie-suites.XXXXXX")
chmod 755 "$work"
server_pid=
# shellcheck disable=SC2317
finish() {
    [ -z "$server_pid" ] || kill -9 "$server_pid" 2>/dev/null
    [ ! -d "$work/oracle" ] || tools/oracle.sh stop "$work/oracle" 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# start_server - a new server of the kind asked for; sets TEST_DSN and TEST_TCP_DSN
start_server() {
    if [ -n "$dsn" ]; then
        TEST_DSN=$dsn
        TEST_TCP_DSN=$dsn
        return 0
    fi
    port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    if [ "$server" = postgresql ]; then
        tools/oracle.sh start "$work/oracle" --port "$port" -c max_prepared_transactions=64 -c wal_level=logical \
            -c max_connections=200 || return 1
        tools/oracle.sh psql "$work/oracle" -q -c "ALTER ROLE postgres PASSWORD 'secret'"
        sed -i 's/^host.*/host all all 127.0.0.1\/32 scram-sha-256/' "$work/oracle/data/pg_hba.conf"
        tools/oracle.sh psql "$work/oracle" -qAt -c 'SELECT pg_reload_conf()' >/dev/null
        TEST_DSN=$(tools/oracle.sh dsn "$work/oracle")
    else
        DASSIE_PASSWORD=secret
        export DASSIE_PASSWORD
        server_port=$port
        server_start "$work" "$work/suites.db" || return 1
        TEST_DSN="postgresql://postgres@/postgres?host=$work&port=$port"
    fi
    TEST_TCP_DSN="postgresql://postgres:secret@127.0.0.1:$port/postgres"
}

# stop_server - end it, and look at its file
stop_server() {
    [ -z "$dsn" ] || return 0
    if [ "$server" = postgresql ]; then
        tools/oracle.sh stop "$work/oracle"
    else
        server_end "$work" "$work/suites.db" || broken=1
        mkdir -p build/suites/logs
        cat "$work/server.log" >>"build/suites/logs/$1.server.log" 2>/dev/null
        rm -rf "$work"/suites.db*
    fi
}

[ "$server" = postgresql ] || [ -n "$dsn" ] || server_needed
broken=0
export TEST_DSN TEST_TCP_DSN
ended=$(($(date +%s) + seconds))
for suite in "$@"; do
    left=0
    if [ "$seconds" -gt 0 ]; then
        left=$((ended - $(date +%s)))
        [ "$left" -gt 5 ] || break
    fi
    /usr/bin/python3 tests/suites/main.py --fetch "$suite" || {
        broken=1
        continue
    }
    /usr/bin/python3 tests/suites/main.py --complete --server "$server" $again "$suite" && continue
    start_server || {
        broken=1
        continue
    }
    /usr/bin/python3 tests/suites/main.py --server "$server" --seconds "$left" "$suite" || broken=1
    stop_server "${suite%%/*}"
done
# shellcheck disable=SC2086
/usr/bin/python3 tests/suites/main.py --summary --server "$server" "$@"
status=$?
[ "$broken" -eq 0 ] || status=1
exit $status
