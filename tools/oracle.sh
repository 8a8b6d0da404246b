#!/bin/sh
# oracle.sh - a private PostgreSQL 15 in a directory of its own, for comparing answers and speed
#
# Usage: tools/oracle.sh start DIR [--durable] [--port N] [-c name=value ...]
#        tools/oracle.sh stop DIR
#        tools/oracle.sh psql DIR [psql arguments]
#        tools/oracle.sh dsn DIR
#
# start  makes DIR (it must not exist, or be empty), initialises a cluster in it and starts it: UTF8,
#        locale C, messages C, TimeZone UTC, DateStyle ISO, superuser postgres, no password. It listens
#        on a Unix socket in DIR only; --port N adds 127.0.0.1:N. --durable keeps fsync on (for
#        benches); without it nothing is synced.
# stop   ends exactly the postmaster whose pid file is in DIR and removes DIR.
# dsn    prints a connection URI for psql, psycopg and SQLAlchemy.
#
# initdb refuses root, so root runs everything as the user postgres; DIR's parents must be open to it.
set -eu

bin=/usr/lib/postgresql/15/bin

usage() {
    sed -n '4,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u postgres -- env -i PATH="$bin:/usr/bin:/bin" LC_ALL=C "$@"
    else
        env -i PATH="$bin:/usr/bin:/bin" LC_ALL=C "$@"
    fi
}

start() {
    durable=false
    port=
    settings=
    while [ $# -gt 0 ]; do
        case $1 in
        --durable) durable=true ;;
        --port)
            port=$2
            shift
            ;;
        -c)
            settings="$settings
$(printf '%s' "$2" | sed "s/^\([^=]*\)=\(.*\)$/\1 = '\2'/")"
            shift
            ;;
        *) usage ;;
        esac
        shift
    done

    mkdir -p "$dir"
    if [ -n "$(ls -A "$dir")" ]; then
        echo "oracle.sh: $dir is not empty" >&2
        exit 1
    fi
    chmod 755 "$dir"
    [ "$(id -u)" -ne 0 ] || chown postgres "$dir"
    if ! as_server test -w "$dir"; then
        echo "oracle.sh: the user postgres cannot write to $dir (a parent directory is closed?)" >&2
        exit 1
    fi
    log=$dir/setup.log
    as_server initdb -D "$dir/data" -U postgres -E UTF8 --locale=C --auth=trust --no-sync \
        >"$log" 2>&1 || {
        cat "$log" >&2
        exit 1
    }
    {
        echo "listen_addresses = '${port:+127.0.0.1}'"
        echo "port = ${port:-5432}"
        echo "unix_socket_directories = '$dir'"
        echo "lc_messages = 'C'"
        echo "timezone = 'UTC'"
        echo "log_timezone = 'UTC'"
        echo "datestyle = 'ISO, MDY'"
        $durable || printf '%s\n' 'fsync = off' 'full_page_writes = off' 'synchronous_commit = off'
        echo "$settings"
    } >>"$dir/data/postgresql.conf"
    echo "${port:-5432}" >"$dir/port"
    as_server pg_ctl -D "$dir/data" -l "$dir/data/server.log" -w -t 60 start >>"$log" 2>&1 || {
        cat "$log" "$dir/data/server.log" >&2
        exit 1
    }
}

stop() {
    if [ ! -f "$dir/data/PG_VERSION" ]; then
        echo "oracle.sh: $dir holds no oracle" >&2
        exit 1
    fi
    if [ -f "$dir/data/postmaster.pid" ]; then
        as_server pg_ctl -D "$dir/data" -m immediate -w -t 60 stop >/dev/null 2>&1 || true
    fi
    rm -rf "$dir/data" "$dir/port" "$dir/setup.log" "$dir"/.s.PGSQL.*
    rmdir "$dir" 2>/dev/null || true
}

[ $# -ge 2 ] || usage
verb=$1
# An absolute path, as the server changes its working directory.
case $2 in
/*) dir=$2 ;;
*) dir=$PWD/$2 ;;
esac
shift 2

case $verb in
start) start "$@" ;;
stop) stop ;;
psql) exec psql -X -h "$dir" -p "$(cat "$dir/port")" -U postgres "$@" ;;
dsn)
    port=$(cat "$dir/port")
    echo "postgresql://postgres@/postgres?host=$dir&port=$port"
    ;;
*) usage ;;
esac
