#!/bin/sh
# run.sh - real clients against a running server: psycopg2, SQLAlchemy, pgbench, the example application
#
# Usage: tests/clients/run.sh [--oracle] [TEST ...]     TEST as unittest names it: test_psycopg2.Copy
#
# Without TEST the ones that pass are run; --all runs everything (docs/ROADMAP.md says what is missing).
# --oracle runs the same tests on PostgreSQL 15, where all must pass. DASSIE names the program otherwise.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/server.sh
PYTHONDONTWRITEBYTECODE=1
PATH=$PATH:/usr/lib/postgresql/15/bin
export PYTHONDONTWRITEBYTECODE PATH

work=$(mktemp -d "${TMPDIR:-/tmp}/dassie-clients.XXXXXX")
chmod 755 "$work"
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
oracle=false
if [ "${1:-}" = --oracle ]; then
    oracle=true
    shift
fi
if [ "${1:-}" = --all ]; then
    shift
elif [ $# -eq 0 ] && ! $oracle; then
    set -- test_notes test_pgbench test_psycopg2.Connection test_psycopg2.Values test_psycopg2.Statements \
        test_psycopg2.Errors test_psycopg2.Copy test_psycopg2.Transactions test_psycopg2.Cancel test_psycopg3 test_asyncpg \
        test_sqlalchemy test_two_phase test_reflection test_concurrency test_arrays test_migrations test_roles test_databases test_contrib test_user_types \
        test_sessions.Seen test_sessions.Vanishing test_sessions.Cancelling test_sessions.Rows \
        test_programs test_django
fi

if $oracle; then
    trap 'tools/oracle.sh stop "$work/oracle" 2>/dev/null; rm -rf "$work"' EXIT
    tools/oracle.sh start "$work/oracle" --port "$port" -c max_prepared_transactions=64 || exit 1
    tools/oracle.sh psql "$work/oracle" -q -c "ALTER ROLE postgres PASSWORD 'secret'"
    sed -i 's/^host.*/host all all 127.0.0.1\/32 scram-sha-256/' "$work/oracle/data/pg_hba.conf"
    tools/oracle.sh psql "$work/oracle" -qAt -c 'SELECT pg_reload_conf()' >/dev/null
    TEST_DSN=$(tools/oracle.sh dsn "$work/oracle")
else
    server_needed
    server_pid=
    trap '[ -z "$server_pid" ] || kill -9 "$server_pid" 2>/dev/null; rm -rf "$work"' EXIT
    DASSIE_PASSWORD=secret
    export DASSIE_PASSWORD
    server_port=$port
    server_start "$work" "$work/clients.db" || {
        echo "0 passed, 1 failed"
        exit 1
    }
    TEST_DSN="postgresql://postgres@/postgres?host=$work&port=$port"
fi
TEST_TCP_DSN="postgresql://postgres:secret@127.0.0.1:$port/postgres"
export TEST_DSN TEST_TCP_DSN

# Debian's own Python has the packages that tools/install.sh installs; another one may come first in PATH.
# A server that never answers must not hang ./test.
timeout 600 /usr/bin/python3 tests/clients/main.py "$@" >"$work/out"
status=$?
if ! $oracle; then
    server_end "$work" "$work/clients.db" || status=1
fi
cat "$work/out"
exit $status
