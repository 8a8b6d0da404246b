"""The figures of docs/FIGURES.md: every one measured on both servers in the same run."""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

import checkpoint
import footprint
import hot
import isolation
import olap
import oltp
import small_pool
import snapshot
import steady
from report import Report
from segments import Segments
from servers import ROOT, Dassie, Postgres

SHARED_BUFFERS = "1GB"


class Bench:
    """One run: a work directory, the servers made in it, the figures."""

    def __init__(self, quick, state, limit_s):
        self.quick = quick
        self.report = Report()
        self.segments = Segments(state, limit_s)

    @contextlib.contextmanager
    def servers(self, shared_buffers=SHARED_BUFFERS, dassie=None, **postgres_settings):
        """Both servers, new and not started; ended and removed at the end."""
        work = tempfile.mkdtemp(prefix="dassie-bench.")
        os.chmod(work, 0o755)
        pair = [
            Dassie(work, shared_buffers=shared_buffers, **(dassie or {})),
            Postgres(work, **{"shared_buffers": shared_buffers, "max_wal_size": "4GB", **postgres_settings}),
        ]
        try:
            yield pair, work
        finally:
            for server in pair:
                server.stop()
            shutil.rmtree(work, ignore_errors=True)

    def oltp(self):
        """pgbench: select-only prepared and simple, TPC-B, log per transaction"""
        with self.servers() as (pair, _):
            oltp.run(self.report, pair, 3 if self.quick else 10)

    def olap(self):
        """COPY of 5 M rows, count(*), filtered sum and other scans on one core"""
        with self.servers() as (pair, work):
            olap.run(self.report, pair, 500_000 if self.quick else 5_000_000, work)

    def idle(self):
        """memory of 5,000 idle connections"""
        with self.servers(max_connections=600) as (pair, _):
            footprint.idle(self.report, pair, (500, 100) if self.quick else (5000, 500))

    def start(self):
        """start on a new file to the first answer"""

        def fresh():
            work = tempfile.mkdtemp(prefix="dassie-bench.")
            return [Dassie(work)]

        footprint.first_answer(self.report, fresh, 3 if self.quick else 11)

    def restart(self):
        """restart after kill -9 under load"""
        with self.servers() as (pair, _):
            footprint.restart(self.report, pair, 20 if self.quick else 100)

    def redo(self):
        """restart after kill -9 with 1 GB of log to redo"""
        off = {"max_wal_size": "100GB", "checkpoint_timeout": "1d"}
        with self.servers(dassie=off, **off) as (pair, work):
            footprint.restart_long(self.report, pair, work, 50 if self.quick else 1024)

    def checkpoint(self):
        """throughput and latency while a checkpoint is made, second by second"""
        off = {"max_wal_size": "100GB", "checkpoint_timeout": "1d"}
        often = {"max_wal_size": "100GB", "checkpoint_timeout": "30s"}
        with self.servers(dassie=off, **off) as (quiet, _), self.servers(dassie=often, **often) as (busy, _):
            checkpoint.run(self.report, list(zip(quiet, busy)), 10 if self.quick else 60, True)

    def kill(self):
        """the kill criterion: old snapshot beside 8 writers (docs/KILL_CRITERION.md)"""
        seconds = "5" if self.quick else "120"
        work = tempfile.mkdtemp(prefix="dassie-bench.")
        try:
            self.report.heading("kill criterion: dassie")
            program = os.path.join(ROOT, "build/bench/kill/bench-kill")
            subprocess.run([program, os.path.join(work, "kill.db"), "--seconds", seconds], check=True)
            self.report.heading("kill criterion: PostgreSQL")
            subprocess.run([os.path.join(ROOT, "bench/kill/postgres.sh"), seconds], check=True)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def hot(self):
        """durable updates of one row by 32 clients"""
        with self.servers() as (pair, _):
            hot.run(self.report, pair, 3 if self.quick else 10)

    def isolation(self):
        """SERIALIZABLE against REPEATABLE READ on TPC-B"""
        with self.servers() as (pair, _):
            isolation.run(self.report, pair, 3 if self.quick else 10)

    def pool(self):
        """point reads and updates in a table of ten times the buffer pool"""
        with self.servers(shared_buffers=f"{small_pool.POOL_MB}MB") as (pair, work):
            small_pool.run(self.report, pair, 5 if self.quick else 20, work)

    def snapshot(self):
        """long: the kill criterion in full, a snapshot and an idle writer open for 10 minutes (72 min)"""
        quiet_s, held_s = (5, 10) if self.quick else (120, 600)
        snapshot.run(self.report, self.segments, self.servers, quiet_s, held_s)

    def steady(self):
        """long: 15 minutes of pgbench -N, then 15 of hot rows, drawn in the state directory (60 min)"""

        def pair(load):
            work = os.path.join(self.segments.directory, load.replace(" ", "-"))
            os.makedirs(work, exist_ok=True)
            os.chmod(work, 0o755)
            return [Dassie(work, shared_buffers=SHARED_BUFFERS), Postgres(work, shared_buffers=SHARED_BUFFERS)]

        pieces, seconds = (2, 10) if self.quick else (3, 300)
        picture = os.path.join(self.segments.directory, "steady.svg")
        steady.run(self.report, self.segments, pair, pieces, seconds, picture)


FIGURES = ["oltp", "olap", "idle", "start", "restart", "redo", "checkpoint", "kill", "hot", "isolation", "pool", "snapshot", "steady"]


def main():
    parser = argparse.ArgumentParser(prog="bench/run.sh")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--state", default=os.path.join(ROOT, "build/bench-state"), metavar="DIR",
                        help="where long figures keep what has been measured; a second run goes on there")
    parser.add_argument("--minutes", type=float, metavar="N", help="begin no segment that would end later")
    parser.add_argument("figure", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    arguments = parser.parse_args()
    if arguments.list:
        for name in FIGURES:
            print(f"{name:<8} {getattr(Bench, name).__doc__}")
        return 0
    unknown = set(arguments.figure) - set(FIGURES)
    if unknown:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    state = arguments.state + "-quick" if arguments.quick else arguments.state
    bench = Bench(arguments.quick, state, arguments.minutes and arguments.minutes * 60)
    for name in arguments.figure or FIGURES:
        try:
            getattr(bench, name)()
        except Exception:
            # The others are still worth measuring.
            bench.report.errors += 1
            traceback.print_exc()
    print(f"\n{bench.report.missed} targets missed, {bench.report.errors} figures failed")
    return 1 if bench.report.missed or bench.report.errors else 0


sys.exit(main())
