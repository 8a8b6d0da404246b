#!/usr/bin/python3
"""Savepoints in one transaction, beside PostgreSQL: is a savepoint late in it as cheap as one early in it?

Usage: bench/savepoints.py [COUNT]     (default 1000000)

Each pattern is sent in strings of 1,000 repetitions inside one transaction. Printed: microseconds a repetition over
all, over the first and the last tenth, memory of the server afterwards, and the ratio to PostgreSQL.
"""

import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import servers  # noqa: E402

BATCH = 1000
PATTERNS = (
    ("SAVEPOINT, RELEASE", 1, ("SAVEPOINT a", "RELEASE a")),
    ("SAVEPOINT, INSERT, ROLLBACK TO, RELEASE", 4, ("SAVEPOINT a", "INSERT INTO sp VALUES (%d, 0)", "ROLLBACK TO a", "RELEASE a")),
    ("SAVEPOINT, INSERT, RELEASE", 4, ("SAVEPOINT a", "INSERT INTO sp VALUES (%d, 0)", "RELEASE a")),
    ("SAVEPOINT, SET LOCAL, RELEASE", 10, ("SAVEPOINT a", "SET LOCAL work_mem = '5MB'", "RELEASE a")),
    ("nested SAVEPOINT (10,000 levels)", None, ("SAVEPOINT s%d",)),
)


def measure(cursor, count, statements):
    marks = []
    cursor.execute("BEGIN")
    for first in range(0, count, BATCH):
        text = ";".join(s % n if "%d" in s else s for n in range(first, first + BATCH) for s in statements)
        since = time.perf_counter()
        cursor.execute(text)
        marks.append(time.perf_counter() - since)
    cursor.execute("ROLLBACK")
    tenth = max(1, len(marks) // 10)
    return [sum(part) / len(part) / BATCH * 1e6 for part in (marks, marks[:tenth], marks[-tenth:])]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    work = tempfile.mkdtemp(prefix="dassie-bench-")
    os.chmod(work, 0o755)
    both = [servers.Postgres(work), servers.Dassie(work)]
    try:
        for server in both:
            server.start()
            server.sql("CREATE TABLE sp (id int PRIMARY KEY, v int)")
        for label, part, statements in PATTERNS:
            n = 10000 if part is None else max(count // part, BATCH)
            seen = []
            for server in both:
                conn = server.connect()
                seen.append(measure(conn.cursor(), n, statements))
                conn.close()
                print("%-42s %-9s n=%-8d %7.2f us (first tenth %.2f, last %.2f), %d MiB" %
                      (label, server.name, n, *seen[-1], server.memory_kib() / 1024), flush=True)
            print("%-42s %.2f x PostgreSQL's time" % ("", seen[1][0] / seen[0][0]))
    finally:
        for server in both:
            server.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
