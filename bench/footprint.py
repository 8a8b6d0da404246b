"""Memory of idle connections, time to the first answer, time to be back after kill -9."""

import resource
import statistics
import subprocess
import time

from oltp import pgbench
from servers import query_packet, read_until_ready


def idle(report, servers, counts):
    """Memory of connections that ran one query each and wait; PostgreSQL with fewer, a process each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(counts) + 200
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard)), hard))
    report.heading(f"idle connections ({counts[0]:,} here, {counts[1]:,} at PostgreSQL)")
    report.columns()
    each = []
    for server, count in zip(servers, counts):
        server.start()
        server.sql("CREATE TABLE t (id int PRIMARY KEY, v text)", "INSERT INTO t VALUES (1, 'one')")
        time.sleep(0.5)
        before = server.memory_kib()
        socks = []
        for _ in range(count):
            sock = server.raw_connect()
            sock.sendall(query_packet("SELECT v FROM t WHERE id = 1"))
            read_until_ready(sock)
            socks.append(sock)
        time.sleep(0.5)
        each.append((server.memory_kib() - before) / count)
        for sock in socks:
            sock.close()
    report.limit("memory of a connection", each[0], "KiB", 20, each[1])


def first_answer(report, make_servers, times):
    """From the start of the program on a file that does not exist yet to its first answer."""
    report.heading("start on a new file to the first answer")
    took = []
    for _ in range(times):
        server = make_servers()[0]
        took.append(server.start() * 1e3)
        server.stop()
    report.columns()
    report.limit("median", statistics.median(took), "ms", 50)


def wide_transaction(path, updates=20):
    """A pgbench script of TPC-B's records in larger transactions: a gigabyte of log in a minute or two."""
    with open(path, "w", encoding="ascii") as file:
        for i in range(updates):
            file.write(f"\\set a{i} random(1, 1000000)\n\\set d{i} random(-5000, 5000)\n")
        file.write("\\set b random(1, 10)\n\\set t random(1, 100)\nBEGIN;\n")
        for i in range(updates):
            file.write(f"UPDATE pgbench_accounts SET abalance = abalance + :d{i} WHERE aid = :a{i};\n")
            file.write(
                "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) "
                f"VALUES (:t, :b, :a{i}, :d{i}, CURRENT_TIMESTAMP);\n"
            )
        file.write("UPDATE pgbench_tellers SET tbalance = tbalance + :d0 WHERE tid = :t;\n")
        file.write("UPDATE pgbench_branches SET bbalance = bbalance + :d0 WHERE bid = :b;\nEND;\n")


def restart_long(report, servers, work, megabytes):
    """kill -9 with this much log to redo, each server's own: checkpoints are off."""
    report.heading(f"restart after kill -9 with {megabytes} MB of log to redo, checkpoints off")
    report.columns()
    script = f"{work}/wide.sql"
    wide_transaction(script)
    took = []
    for server in servers:
        server.start()
        subprocess.run(["pgbench", "-i", "-q", "-s", "10", server.dsn()], check=True, capture_output=True)
        server.sql("CHECKPOINT")
        start = server.wal_bytes()
        while server.wal_bytes() - start < megabytes << 20:
            pgbench(server, "-M", "prepared", "-c", "8", "-j", "2", "-f", script, "-t", "500")
        written = (server.wal_bytes() - start) / (1 << 20)
        rows = server.sql("SELECT count(*) FROM pgbench_history")
        server.kill()
        took.append(server.start() * 1e3)
        if server.sql("SELECT count(*) FROM pgbench_history") != rows:
            raise RuntimeError(f"{server.name} lost rows")
        report.note(f"{server.name}: {written:.0f} MB of log for {rows:,} updates of accounts")
    report.limit(f"restart, {megabytes} MB of log", took[0], "ms", 5000, took[1])


def restart(report, servers, megabytes):
    """kill -9 under TPC-B load with this much log since the last checkpoint."""
    report.heading(f"restart after kill -9 under load, {megabytes} MB of log since the checkpoint (dassie)")
    report.columns()
    took = []
    transactions = None
    for server in servers:
        server.start()
        subprocess.run(["pgbench", "-i", "-q", "-s", "10", server.dsn()], check=True, capture_output=True)
        server.sql("CHECKPOINT")
        start = server.wal_bytes()
        options = ["-M", "prepared", "-c", "16", "-j", "2"]
        if transactions is None:
            transactions = 0
            while server.wal_bytes() - start < megabytes << 20:
                transactions += pgbench(server, *options, "-t", "1000")[0]
        else:
            pgbench(server, *options, "-t", str(transactions // 16))
        written = (server.wal_bytes() - start) / (1 << 20)
        load = subprocess.Popen(["pgbench", "-n", *options, "-T", "60", server.dsn()],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        server.kill()
        load.wait()
        took.append(server.start() * 1e3)
        report.note(f"{server.name}: {written:.0f} MB of log for the same {transactions:,} transactions")
    report.limit(f"restart, {megabytes} MB of log", took[0], "ms", 1000, took[1])
