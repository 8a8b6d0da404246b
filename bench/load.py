"""Loads whose course is watched: pgbench with its progress, the sizes of files and log beside it."""

import re
import subprocess
import tempfile
import threading
import time

STEP_S = 10
TABLE = "kill"
ROWS = 1_000_000
PROGRESS = re.compile(r"progress: ([\d.]+) s, ([\d.]+) tps, lat ([\d.]+) ms stddev ([\d.]+)")


def make_table(server, rows=ROWS):
    """The table of the kill criterion: one counter a row."""
    options = " WITH (fillfactor = 90)" if server.name == "PostgreSQL" else ""
    server.sql(
        f"CREATE TABLE {TABLE} (id int PRIMARY KEY, v int8 NOT NULL, filler text){options}",
        f"INSERT INTO {TABLE} SELECT g, 0, 'filler text' FROM generate_series(0, {rows}) g",
        f"VACUUM ANALYZE {TABLE}" if server.name == "PostgreSQL" else f"ANALYZE {TABLE}",
        "CHECKPOINT",
    )


def update_script(hot):
    """A pgbench script that adds one to one of `hot` rows; row 0 is nobody's."""
    return f"\\set id random(1, {hot})\nUPDATE {TABLE} SET v = v + 1 WHERE id = :id;\n"


class Sizes(threading.Thread):
    """Samples file and log size every STEP_S seconds until stopped."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.samples = []
        self.finished = threading.Event()

    def run(self):
        began = time.monotonic()
        while True:
            file, log = self.server.file_bytes(), self.server.log_bytes()
            self.samples.append([round(time.monotonic() - began, 1), file, log])
            if self.finished.wait(STEP_S):
                return

    def stop(self):
        self.finished.set()
        self.join()
        return self.samples


def watched_load(server, script, clients, seconds, extra=()):
    """Run pgbench for some seconds; returns tps over all, its curve by STEP_S, and the sizes' curve."""
    options = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-P", str(STEP_S), *extra]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        if script is not None:
            file.write(script)
            file.flush()
            options += ["-f", file.name]
        sizes = Sizes(server)
        sizes.start()
        start_log, cpu = server.wal_bytes(), server.cpu_seconds()
        done = subprocess.run(["pgbench", *options, server.dsn()], capture_output=True, text=True, check=False)
        cpu = server.cpu_seconds() - cpu
        curve = sizes.stop()
    if done.returncode != 0:
        raise RuntimeError(f"pgbench on {server.name}: {done.stderr[-500:]}")
    count = int(re.search(r"actually processed: (\d+)", done.stdout).group(1))
    return {
        "tps": float(re.search(r"tps = ([\d.]+)", done.stdout).group(1)),
        "transactions": count,
        "cpu_us": cpu / max(count, 1) * 1e6,
        "log_written": server.wal_bytes() - start_log,
        "tps_curve": [[float(t), float(tps), float(lat)] for t, tps, lat, _ in PROGRESS.findall(done.stderr)],
        "sizes": curve,
    }
