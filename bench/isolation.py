"""What SERIALIZABLE costs over REPEATABLE READ on TPC-B-like work, on both servers."""

import os
import re
import statistics
import subprocess

SCALE = 20
LEVELS = ("repeatable read", "serializable")


def run_level(server, level, clients, seconds):
    """pgbench at one level, failed transactions tried again: (tps of commits, server CPU in us, share tried again)."""
    environment = dict(os.environ, PGOPTIONS=f"-c default_transaction_isolation={level.replace(' ', chr(92) + ' ')}")
    command = ["pgbench", "-n", "-M", "prepared", "--max-tries=1000", "-c", str(clients), "-j", str(min(clients, 2))]
    before = server.cpu_seconds()
    out = subprocess.run(
        [*command, "-T", str(seconds), server.dsn()], check=True, capture_output=True, text=True, env=environment
    ).stdout
    count = int(re.search(r"actually processed: (\d+)", out).group(1))
    retried = re.search(r"total number of retries: (\d+)", out)
    cpu = (server.cpu_seconds() - before) / count * 1e6
    return float(re.search(r"tps = ([\d.]+)", out).group(1)), cpu, int(retried.group(1)) / count if retried else 0.0


def compare(report, servers, clients, seconds):
    """The levels and servers in turn, three times; medians."""
    results = {(s.name, level): [] for s in servers for level in LEVELS}
    for _ in range(3):
        for server in servers:
            for level in LEVELS:
                results[server.name, level].append(run_level(server, level, clients, seconds))
    cost = []
    for at, (what, unit) in enumerate((("", "tps"), (", CPU", "us"), (", tried again", "/txn"))):
        for level in LEVELS:
            values = [statistics.median(run[at] for run in results[s.name, level]) for s in servers]
            texts = [f"{value:,.4g} {unit}" for value in values]
            report.line(f"{clients} clients, {level}{what}", *texts, "", "")
            cost.append(values)
    lost = [1 - serializable / repeatable for repeatable, serializable in zip(cost[0], cost[1], strict=True)]
    verdict = report.verdict(lost[0] <= 0.15, "<= 15 %")
    report.line(f"{clients} clients, cost of serializable", f"{lost[0]:.1%}", f"{lost[1]:.1%}", "", verdict)


def run(report, servers, seconds):
    for server in servers:
        server.start()
        subprocess.run(["pgbench", "-i", "-q", "-s", str(SCALE), server.dsn()], check=True, capture_output=True)
        server.sql("VACUUM ANALYZE")
        server.sql("CHECKPOINT")
    report.heading(f"SERIALIZABLE against REPEATABLE READ, pgbench -s {SCALE}, 3 runs of {seconds} s each in turn, medians")
    report.columns()
    for clients in (1, 8):
        compare(report, servers, clients, seconds)
