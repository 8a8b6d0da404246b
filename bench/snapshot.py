"""The kill criterion in full: writers beside a snapshot, and beside an idle writer, that stay open for long."""

import threading
import time

import psycopg2

from load import ROWS, TABLE, make_table, update_script, watched_load

CLIENTS = 8
SCAN = f"SELECT sum(v), count(*) FROM {TABLE} WHERE id > 0"
LOADS = {"uniform": ROWS, "hot": 100}


class Holder:
    """A session that keeps something open: an old snapshot, or a transaction that has written and idles."""

    def __init__(self, server, kind):
        self.conn = psycopg2.connect(server.dsn())
        self.cursor = self.conn.cursor()
        if kind == "snapshot":
            self.cursor.execute("SET max_parallel_workers_per_gather = 0")
            self.conn.commit()
            self.conn.set_session("REPEATABLE READ", readonly=True)
        else:
            self.cursor.execute(f"UPDATE {TABLE} SET v = v WHERE id = 0")
        self.reads = kind == "snapshot"
        self.answer = None
        self.quiet_ms = self.scan()
        self.quiet_ms = self.scan()

    def scan(self):
        """Milliseconds of the snapshot's scan; raises when its answer changed. None for an idle writer."""
        if not self.reads:
            return None
        began = time.monotonic()
        self.cursor.execute(SCAN)
        answer = self.cursor.fetchone()
        took = (time.monotonic() - began) * 1e3
        if self.answer not in (None, answer):
            raise RuntimeError(f"the snapshot's answer changed from {self.answer} to {answer}")
        self.answer = answer
        return took

    def scan_beside(self, seconds, every):
        """A thread that scans now and then for so long; its result is the list of milliseconds."""
        took = []

        def run():
            end = time.monotonic() + seconds
            while self.reads and time.monotonic() + every < end:
                time.sleep(every)
                took.append(self.scan())

        thread = threading.Thread(target=run)
        thread.start()
        return thread, took

    def close(self):
        self.conn.rollback()
        self.conn.close()


def measure(segments, server, kind, load, quiet_s, held_s):
    """One segment: writers alone, then with the holder. Skipped when it has been measured."""
    if segments.get("held", kind, load, server.name) or not segments.has_time(quiet_s + held_s + 60):
        return
    server.start()
    make_table(server)
    script = update_script(LOADS[load])
    watched_load(server, script, CLIENTS, 5)
    alone = watched_load(server, script, CLIENTS, quiet_s)
    holder = Holder(server, kind)
    thread, scans = holder.scan_beside(held_s, max(held_s / 10, 1))
    held = watched_load(server, script, CLIENTS, held_s)
    thread.join()
    after_ms = holder.scan()
    holder.close()
    segments.put(
        "held", kind, load, server.name,
        seconds=held_s, alone_tps=alone["tps"], held_tps=held["tps"], alone_cpu_us=alone["cpu_us"],
        held_cpu_us=held["cpu_us"], curve=held["tps_curve"], sizes=held["sizes"],
        log_written=held["log_written"], quiet_ms=holder.quiet_ms, scans_ms=scans, after_ms=after_ms,
    )
    server.stop()


def megabytes(count):
    return count / (1 << 20)


def tell(report, segments, server_name, kind, load):
    """The lines of one measured segment."""
    result = segments.get("held", kind, load, server_name)
    if result is None:
        report.note(f"{server_name}, {load}: not measured yet")
        return
    first, last = result["sizes"][0], result["sizes"][-1]
    kept = result["held_tps"] / result["alone_tps"]
    target = "" if server_name != "dassie" else report.verdict(kept >= 0.7, ">= 70 %")
    report.note(
        f"{server_name}, {load}, {result['seconds']} s: {result['alone_tps']:,.0f} tps alone, "
        f"{result['held_tps']:,.0f} with the {kind} ({kept:.0%}) {target}"
    )
    log_kept = last[2] - first[2]
    flat = "" if server_name != "dassie" else report.verdict(last[1] <= first[1] * 1.01, "file flat")
    within = "" if server_name != "dassie" else report.verdict(log_kept <= result["log_written"] + (128 << 20), "log")
    report.note(
        f"    file {megabytes(first[1]):,.0f} -> {megabytes(last[1]):,.0f} MiB {flat}; log on disk grew by "
        f"{megabytes(log_kept):,.0f} MiB, written {megabytes(result['log_written']):,.0f} MiB {within}"
    )
    if result["quiet_ms"] is not None:
        scans = result["scans_ms"]
        report.note(
            f"    the snapshot's scan: {result['quiet_ms']:.1f} ms quiet, under load {min(scans):.1f} to "
            f"{max(scans):.1f} ms, after it {result['after_ms']:.1f} ms"
        )


def run(report, segments, make_servers, quiet_s, held_s):
    """All segments that are missing and fit into the time, then the table of what is there."""
    for kind, load in (("snapshot", "uniform"), ("idle writer", "uniform"), ("snapshot", "hot")):
        for index in (0, 1):
            with make_servers() as (pair, _):
                measure(segments, pair[index], kind, load, quiet_s, held_s)
    for kind, loads in (("snapshot", ("uniform", "hot")), ("idle writer", ("uniform",))):
        report.heading(f"{CLIENTS} writers beside a {kind} that stays open")
        for load in loads:
            for name in ("dassie", "PostgreSQL"):
                tell(report, segments, name, kind, load)
