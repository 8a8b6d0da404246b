# server.sh - shell functions of the test suites that drive the built server; to be sourced
#
# DASSIE names the program (default: build/dassie). A server listens on a Unix socket in a directory of
# its own and nowhere else, so any number of them run side by side.

DASSIE=${DASSIE:-$PWD/build/dassie}

# Nothing of the user's own environment may change what psql asks for or shows.
unset PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS PGTZ PGDATESTYLE PSQLRC PSQL_PAGER PAGER
PGCLIENTENCODING=UTF8
LC_ALL=C.UTF-8
export PGCLIENTENCODING LC_ALL

# server_needed - the program must be there, else the suite fails at once.
server_needed() {
    [ -x "$DASSIE" ] || {
        echo "there is no $DASSIE"
        echo "0 passed, 1 failed"
        exit 1
    }
}

# server_start DIR FILE [ARGUMENT ...] - serve FILE with its socket in DIR and wait until it answers;
# sets server_pid. With server_port set it also listens on that port of 127.0.0.1. Returns 1, with the
# server's log printed, when it ends or does not answer in 30 s.
server_start() {
    server_dir=$1
    server_file=$2
    shift 2
    "$DASSIE" serve "$server_file" --set listen_addresses="${server_port:+127.0.0.1}" \
        --set port="${server_port:-5432}" --set unix_socket_directories="$server_dir" "$@" >"$server_dir/server.log" 2>&1 </dev/null &
    server_pid=$!
    server_tries=0
    until [ -S "$server_dir/.s.PGSQL.${server_port:-5432}" ] &&
        psql -X -q -h "$server_dir" -p "${server_port:-5432}" -U postgres -d postgres -c 'SELECT 1' >/dev/null 2>&1; do
        server_tries=$((server_tries + 1))
        if ! kill -0 "$server_pid" 2>/dev/null || [ $server_tries -gt 1500 ]; then
            echo "the server does not answer:"
            tail -n 20 "$server_dir/server.log"
            kill -9 "$server_pid" 2>/dev/null
            wait "$server_pid" 2>/dev/null
            return 1
        fi
        sleep 0.02
    done
}

# server_end DIR FILE - stop the server whose socket is in DIR and check FILE; returns 1, with what was
# wrong printed, when it did not end cleanly or the file has errors.
server_end() {
    server_stop || {
        echo "the server ended with exit code $?:"
        tail -n 40 "$1/server.log"
        return 1
    }
    "$DASSIE" check "$2" >"$1/check.log" 2>&1 || {
        echo "dassie check:"
        tail -n 20 "$1/check.log"
        return 1
    }
}

# server_stop - ask the server to end; returns its exit code, 137 when it had to be killed after 60 s.
server_stop() {
    kill -TERM "$server_pid" 2>/dev/null
    server_tries=0
    while kill -0 "$server_pid" 2>/dev/null; do
        server_tries=$((server_tries + 1))
        if [ $server_tries -gt 3000 ]; then
            kill -9 "$server_pid" 2>/dev/null
            break
        fi
        sleep 0.02
    done
    wait "$server_pid" 2>/dev/null
    server_exit=$?
    server_pid=
    return $server_exit
}
