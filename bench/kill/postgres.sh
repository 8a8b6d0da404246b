#!/bin/sh
# postgres.sh - the PostgreSQL side of the kill criterion: the same table and load by pgbench
#
# Usage: bench/kill/postgres.sh [SECONDS] [ROWS] [WRITERS] [HOT]      defaults: 5 1000000 8 100
#
# Measures writer throughput alone, then with an old REPEATABLE READ snapshot open, and that
# snapshot's scan quiet and under the load; uniform updates first, then HOT rows. Durable commits,
# a private server (tools/oracle.sh), shared_buffers 1GB, autovacuum as it comes.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-5}
rows=${2:-1000000}
writers=${3:-8}
hot=${4:-100}
dir=$(mktemp -d /tmp/dassie-kill-pg.XXXXXX)
chmod 755 "$dir"
tools/oracle.sh start "$dir/pg" --durable -c shared_buffers=1GB -c max_wal_size=4GB >/dev/null
trap 'tools/oracle.sh stop "$dir/pg" >/dev/null; rm -rf "$dir"' EXIT
dsn=$(tools/oracle.sh dsn "$dir/pg")
sql() {
    psql -X -q -A -t "$dsn" "$@"
}
sql -c "CREATE TABLE kill (id int PRIMARY KEY, v int8, filler text) WITH (fillfactor = 90)"
sql -c "INSERT INTO kill SELECT g, 0, 'filler text' FROM generate_series(1, $rows) g"
sql -c "VACUUM ANALYZE kill" -c "CHECKPOINT"

load() { # load FILE: tps of the writers
    pgbench -n -M prepared -c "$writers" -j 2 -T "$seconds" -f "$1" "$dsn" 2>/dev/null |
        sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}

phase() { # phase NAME LIMIT
    printf '\\set id random(1, %s)\nUPDATE kill SET v = v + 1 WHERE id = :id;\n' "$2" >"$dir/$1.sql"
    alone=$(load "$dir/$1.sql")
    # The old snapshot: one session that scans before the load, in the middle of it and after it.
    half=$(awk "BEGIN { print $seconds * 0.8 }")
    cat >"$dir/old.sql" <<EOF
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sum(v), count(*) FROM kill;
\\timing on
SELECT sum(v), count(*) FROM kill;
\\! touch $dir/ready
SELECT pg_sleep($half);
SELECT sum(v), count(*) FROM kill;
SELECT pg_sleep($seconds * 0.4);
SELECT sum(v), count(*) FROM kill;
COMMIT;
EOF
    rm -f "$dir/ready"
    psql -X -q -A -t "$dsn" -c "SET max_parallel_workers_per_gather = 0" -f "$dir/old.sql" >"$dir/old.out" 2>&1 &
    old=$!
    while [ ! -e "$dir/ready" ]; do sleep 0.1; done
    with=$(load "$dir/$1.sql")
    wait $old
    times=$(awk '/^Time:/ { t[++n] = $2 } END { print t[1] " ms quiet, " t[3] " ms under load, " t[5] " ms after it" }' "$dir/old.out")
    awk -v n="$1" -v a="$alone" -v w="$with" -v t="$times" 'BEGIN {
        printf "%s: writers %.0f/s alone, %.0f/s with old snapshot (%.0f %%); scan %s\n", n, a, w, w / a * 100, t }'
}
phase uniform "$rows"
phase hot "$hot"
