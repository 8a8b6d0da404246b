"""pgbench's built-in scripts on both servers: throughput, server CPU and log per transaction."""

import re
import statistics
import subprocess

SCALE = 10


def pgbench(server, *options):
    """Run pgbench; returns (transactions, transactions per second)."""
    out = subprocess.run(["pgbench", "-n", *options, server.dsn()], check=True, capture_output=True, text=True).stdout
    count = int(re.search(r"actually processed: (\d+)", out).group(1))
    failed = int(re.search(r"failed transactions: (\d+)", out).group(1))
    if failed:
        raise RuntimeError(f"{failed} transactions failed on {server.name}")
    return count, float(re.search(r"tps = ([\d.]+)", out).group(1))


def prepare(server):
    """Tables of pgbench, in the state a server that ran for a while has them."""
    subprocess.run(["pgbench", "-i", "-q", "-s", str(SCALE), server.dsn()], check=True, capture_output=True)
    server.sql("VACUUM ANALYZE")
    server.sql("CHECKPOINT")


def measure(server, seconds, options):
    """One run: (tps, server CPU in us per transaction)."""
    before = server.cpu_seconds()
    count, tps = pgbench(server, *options, "-T", str(seconds))
    return tps, (server.cpu_seconds() - before) / count * 1e6


def compare(report, label, servers, seconds, options, least, most):
    """The servers in turn, three times; medians."""
    results = {server.name: [] for server in servers}
    for server in servers:
        measure(server, 2, options)
    for _ in range(3):
        for server in servers:
            results[server.name].append(measure(server, seconds, options))
    tps, cpu = ([statistics.median(run[i] for run in results[s.name]) for s in servers] for i in (0, 1))
    report.faster(label, tps[0], tps[1], "tps", least)
    report.share(f"{label}, CPU", cpu[0], cpu[1], "us", most)


def run(report, servers, seconds):
    for server in servers:
        server.start()
        prepare(server)
    report.heading(f"pgbench -s {SCALE}, Unix socket, 3 runs of {seconds} s each in turn, medians")
    report.columns()
    select = ["-S", "-j", "2"]
    compare(report, "select, prepared, 16 clients", servers, seconds, [*select, "-M", "prepared", "-c", "16"], 3, 1 / 4)
    compare(report, "select, simple, 16 clients", servers, seconds, [*select, "-M", "simple", "-c", "16"], 3, None)
    compare(report, "select, prepared, 1 client", servers, seconds, ["-S", "-M", "prepared", "-c", "1"], None, None)
    update = ["-M", "prepared", "-j", "2"]
    compare(report, "TPC-B, prepared, 16 clients", servers, seconds, [*update, "-c", "16"], 3, None)
    compare(report, "TPC-B, prepared, 64 clients", servers, seconds, [*update, "-c", "64"], None, None)
    compare(report, "TPC-B, prepared, 1 client", servers, seconds, ["-M", "prepared", "-c", "1"], None, None)
    log_per_transaction(report, servers)


def log_per_transaction(report, servers):
    """Log written by the transactions just after a checkpoint, when PostgreSQL logs whole pages."""
    written = []
    for server in servers:
        server.sql("CHECKPOINT")
        before = server.wal_bytes()
        count, _ = pgbench(server, "-M", "prepared", "-c", "16", "-j", "2", "-t", "1000")
        written.append((server.wal_bytes() - before) / count)
    report.share("TPC-B, log per transaction", written[0], written[1], "bytes", 1 / 5)
