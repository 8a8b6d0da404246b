"""Bulk load of pgbench_accounts and plain analytics over it, one core each."""

import os
import subprocess
import time

TABLE = "CREATE TABLE pgbench_accounts (aid int NOT NULL, bid int, abalance int, filler char(84))"
QUERIES = [
    ("count(*)", "SELECT count(*) FROM pgbench_accounts", 5),
    ("filtered sum", "SELECT sum(abalance) FROM pgbench_accounts WHERE bid <= 25", 5),
    ("sum, min, max, avg", "SELECT sum(aid), min(bid), max(abalance), avg(aid) FROM pgbench_accounts", None),
    ("group by 50 keys", "SELECT bid, count(*), sum(abalance) FROM pgbench_accounts GROUP BY bid", None),
    ("order by, limit 10", "SELECT * FROM pgbench_accounts ORDER BY abalance, aid DESC LIMIT 10", None),
    ("join of all rows with themselves", "SELECT count(*) FROM pgbench_accounts a JOIN pgbench_accounts b USING (aid)", None),
]


def write_rows(path, rows):
    """The rows pgbench would make, with balances that are not all 0."""
    with open(path, "w", encoding="ascii") as file:
        for start in range(1, rows + 1, 10000):
            lines = range(start, min(start + 10000, rows + 1))
            file.write("".join(f"{i}\t{(i - 1) // 100000 + 1}\t{i * 7919 % 10007 - 5000}\t\n" for i in lines))


def copy_in(server, path):
    """Seconds of COPY FROM STDIN into an empty table."""
    server.sql("DROP TABLE IF EXISTS pgbench_accounts", TABLE, "CHECKPOINT")
    began = time.monotonic()
    command = f"\\copy pgbench_accounts from '{path}'"
    subprocess.run(["psql", "-X", "-q", server.dsn(), "-c", command], check=True)
    return time.monotonic() - began


def best_of(conn, sql, times=3):
    """The shortest of some runs, in ms, and the answer."""
    best = None
    with conn.cursor() as cursor:
        for _ in range(times):
            began = time.monotonic()
            cursor.execute(sql)
            answer = sorted(cursor.fetchall())
            took = (time.monotonic() - began) * 1e3
            best = took if best is None else min(best, took)
    return best, answer


def run(report, servers, rows, work):
    path = os.path.join(work, "accounts.txt")
    write_rows(path, rows)
    for server in servers:
        server.start()
    report.heading(f"pgbench_accounts with {rows:,} rows, best of 3")
    report.columns()
    times = [min(copy_in(server, path) for _ in range(2)) for server in servers]
    report.faster("COPY FROM STDIN", rows / times[0], rows / times[1], "rows/s", 2)
    key = []
    for server in servers:
        began = time.monotonic()
        server.sql("ALTER TABLE pgbench_accounts ADD PRIMARY KEY (aid)")
        key.append(time.monotonic() - began)
        server.sql("VACUUM ANALYZE pgbench_accounts")
    report.faster("ADD PRIMARY KEY", key[0], key[1], "s", None, higher_is_better=False)
    conns = [server.connect() for server in servers]
    with conns[1].cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    for label, sql, least in QUERIES:
        (mine, answer), (theirs, expected) = (best_of(conn, sql) for conn in conns)
        if answer != expected:
            raise RuntimeError(f"the answers differ: {sql}")
        report.faster(label, mine, theirs, "ms", least, higher_is_better=False)
    for conn in conns:
        conn.close()
    os.unlink(path)
