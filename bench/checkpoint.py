"""What a checkpoint does to those who work meanwhile: throughput and latency second by second, without one and within one."""

import os
import subprocess
import tempfile

CLIENTS = 16
INTERVAL = 30  # seconds, of checkpoint_timeout: the least there is


def quantile(values, q):
    return values[min(int(len(values) * q), len(values) - 1)] if values else 0.0


def series(server, seconds):
    """TPC-B for so long: for each second (transactions, p50, p99 and longest latency in ms)."""
    folder = tempfile.mkdtemp(prefix="dassie-latency.")
    prefix = os.path.join(folder, "log")
    subprocess.run(
        ["pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "-l",
         f"--log-prefix={prefix}", server.dsn()],
        check=True, capture_output=True,
    )
    by_second = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="ascii") as file:
            for line in file:
                fields = line.split()
                by_second.setdefault(int(fields[4]), []).append(int(fields[2]) / 1e3)
        os.unlink(os.path.join(folder, name))
    os.rmdir(folder)
    out = []
    for second in sorted(by_second)[1:-1]:  # the first and the last are not whole
        times = sorted(by_second[second])
        out.append((len(times), quantile(times, 0.5), quantile(times, 0.99), times[-1], times))
    return out


def whole(seconds):
    """Of a series: transactions a second, p99 and the longest latency, the slowest second."""
    times = sorted(time for second in seconds for time in second[4])
    counts = [second[0] for second in seconds]
    return sum(counts) / len(counts), quantile(times, 0.99), times[-1], min(counts)


def run(report, servers, seconds, show):
    """Each server: a warm-up, then without a checkpoint, then all the time within one (checkpoint_timeout 30 s)."""
    report.heading(f"TPC-B, {CLIENTS} clients: {seconds} s without a checkpoint, then {seconds} s of spread checkpoints")
    results = []
    for quiet, busy in servers:
        rows = {}
        for kind, server in (("quiet", quiet), ("busy", busy)):
            server.start()
            subprocess.run(["pgbench", "-i", "-q", "-s", "50", server.dsn()], check=True, capture_output=True)
            server.sql("CHECKPOINT")
            series(server, 5 if kind == "quiet" else INTERVAL + 1)  # the first spread one begins after this long
            before = server.sql("SELECT buffers_checkpoint FROM pg_stat_bgwriter")
            rows[kind] = series(server, seconds)
            written = server.sql("SELECT buffers_checkpoint FROM pg_stat_bgwriter") - before
            report.note(f"{server.name}, {kind}: {written:,} pages written by checkpoints")
            if show:
                for i, second in enumerate(rows[kind]):
                    report.note(f"  {i:3d} s {second[0]:7,d} tps  p50 {second[1]:7.2f} ms  p99 {second[2]:7.2f} ms  longest {second[3]:8.2f} ms")
            server.stop()
        results.append((whole(rows["quiet"]), whole(rows["busy"])))
    report.columns()
    for i, (label, unit) in enumerate((("throughput", "tps"), ("p99 latency", "ms"), ("longest latency", "ms"), ("slowest second", "tps"))):
        for when, what in ((0, "without"), (1, "within a checkpoint")):
            report.line(f"{label}, {what}", *(f"{result[when][i]:,.4g} {unit}" for result in results), "", "")
    quiet, busy = results[0]
    report.limit("throughput lost to checkpoints", 100 * (1 - busy[0] / quiet[0]), "%", 15, 100 * (1 - results[1][1][0] / results[1][0][0]))
