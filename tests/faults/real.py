"""The n-th call of the real server to the kernel fails, for n = 1, 2, 3, ... until a run meets no fault.

Goal: on the real machine, too, a fault is an error with its SQLSTATE or the end of the process, and nothing is lost or
half there (docs/FAULTS.md). Method: a server with iofault.so below it; units of statements, each with its undoing, so
that one server serves many cases. A case arms one fault, runs the unit, says what happened, disarms, and compares all
that is visible with what it must be: after success the unit's own result, after an error what was before, after the
end of the process (it must have said why, by SIGABRT) one of both. Units of starting and stopping work likewise.
After each unit the server is stopped and `dassie check` looks at the file.

Usage: run.sh --real [--all] [--unit PART] [--fault PART] [--at N] [--seed N] [--step N]
Without --all some n of each pair of unit and fault, chosen by the seed (printed). The last line counts the cases.
"""

import argparse
import collections
import hashlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from iofault import ALWAYS, Control, Fault, library_of

DASSIE = os.environ.get("DASSIE", "build/dassie")
SETTINGS = ("shared_buffers=256kB", "restart_after_crash=off", "max_prepared_transactions=4", "work_mem=64kB")
HANG_SECONDS = 60

SPACE = "create extend allocate truncate mkdir"
FAULTS = {  # name -> (fault, SQLSTATEs that may come, may the process end)
    "eio": (Fault("all", "EIO"), {"58030"}, True),
    "eio-stays": (Fault("all", "EIO", times=ALWAYS), {"58030"}, True),
    "enospc": (Fault(SPACE, "ENOSPC"), {"53100"}, False),
    "enospc-stays": (Fault(SPACE, "ENOSPC", times=ALWAYS), {"53100"}, False),
    "enospc-half": (Fault("extend", "ENOSPC", half=True), {"53100"}, False),
    "enospc-anywhere": (Fault(SPACE + " write", "ENOSPC"), {"53100"}, True),  # a file system that copies on write
    "half-write": (Fault("write extend", "EIO", half=True), {"58030"}, True),
    "sync": (Fault("sync", "EIO"), {"58030"}, True),
    "files": (Fault("open create", "EMFILE"), {"53000"}, True),
    "short": (Fault("read write extend", None, times=ALWAYS, half=True), set(), False),
    "eintr": (Fault("open create read write extend sync allocate truncate", "EINTR", "data log double temp"), set(), False),
    "memory": (Fault("memory", "ENOMEM"), {"53200"}, True),
    "map": (Fault("map", "ENOMEM"), {"53200"}, False),
}


class Unit:
    """prepare runs without a fault, then `run` with it, then, if that has happened, undo without it."""

    def __init__(self, name, run, undo=(), prepare=()):
        self.name, self.run, self.undo, self.prepare = name, run, undo, prepare


def rows(first, last):
    return f"INSERT INTO t SELECT g, g * 1.5, 'row ' || g FROM generate_series({first}, {last}) g"


NOISE = "(SELECT string_agg(md5((g * {0})::text), '') FROM generate_series(1, 3000) g)"
SETUP = (
    "CREATE TABLE t (id int PRIMARY KEY, n numeric, s text UNIQUE)",
    "CREATE INDEX t_lower ON t (lower(s))",
    rows(1, 1200),
    "CREATE TABLE child (id int PRIMARY KEY, t_id int REFERENCES t ON DELETE CASCADE, pad text)",
    "CREATE INDEX child_t ON child (t_id)",
    "INSERT INTO child SELECT g, g, repeat('p', 40) FROM generate_series(1, 300) g",
    "CREATE TABLE big (id int PRIMARY KEY, b text)",
    f"INSERT INTO big VALUES (1, {NOISE.format(1)}), (2, {NOISE.format(2)})",
    "CREATE TABLE other (a int, b text)",
    "INSERT INTO other SELECT g, 'o' FROM generate_series(1, 100) g",
)


def copy_in(cursor):
    lines = "".join(f"{n}\t{n}\trow {n}\n" for n in range(7001, 7800))
    cursor.copy_expert("COPY t FROM STDIN", io.StringIO(lines))


def copy_out(cursor):
    out = io.StringIO()
    cursor.copy_expert("COPY (SELECT * FROM t ORDER BY s) TO STDOUT", out)
    return hashlib.md5(out.getvalue().encode()).hexdigest()


UNITS = (
    Unit("insert", [rows(5001, 5400)], ["DELETE FROM t WHERE id BETWEEN 5001 AND 5400"]),
    Unit(
        "update",
        ["UPDATE t SET s = s || '!', n = n + 1 WHERE id % 7 = 0"],
        ["UPDATE t SET s = rtrim(s, '!'), n = n - 1 WHERE id % 7 = 0"],
    ),
    Unit(
        "delete",
        ["DELETE FROM t WHERE id <= 60"],
        [rows(1, 60), "INSERT INTO child SELECT g, g, repeat('p', 40) FROM generate_series(1, 60) g"],
    ),
    Unit(
        "savepoints",
        [
            "BEGIN",
            "UPDATE t SET n = n + 1 WHERE id < 300",
            "SAVEPOINT a",
            "UPDATE t SET s = s || '?' WHERE id % 3 = 0",
            "ROLLBACK TO a",
            rows(6001, 6010),
            "COMMIT",
        ],
        ["UPDATE t SET n = n - 1 WHERE id < 300", "DELETE FROM t WHERE id BETWEEN 6001 AND 6010"],
    ),
    Unit("rollback", ["BEGIN", "UPDATE t SET s = s || '?'", "DELETE FROM child WHERE id % 2 = 0", "ROLLBACK"]),
    Unit("large values", [f"INSERT INTO big VALUES (3, {NOISE.format(3)})"], ["DELETE FROM big WHERE id = 3"]),
    Unit("large read", ["SELECT id, md5(b) FROM big ORDER BY 1"]),
    Unit("copy in", [copy_in], ["DELETE FROM t WHERE id BETWEEN 7001 AND 7799"]),
    Unit("copy out", [copy_out]),
    Unit("sort that spills", ["SELECT md5(string_agg(s, ',' ORDER BY n DESC, s)) FROM t", "SELECT * FROM t ORDER BY s DESC, n"]),
    Unit("hashes that spill", ["SELECT count(*), min(v) FROM (SELECT DISTINCT g * 7919 % 90001 AS v FROM generate_series(1, 20000) g) q"]),
    Unit(
        "create table",
        [
            "BEGIN",
            "CREATE TABLE made (a int PRIMARY KEY, b text)",
            "INSERT INTO made SELECT g, repeat('m', 200) FROM generate_series(1, 200) g",
            "CREATE INDEX made_b ON made (b, a)",
            "COMMIT",
        ],
        ["DROP TABLE made"],
    ),
    Unit("create index", ["CREATE INDEX t_n ON t (n, s)"], ["DROP INDEX t_n"]),
    Unit("rewrite", ["ALTER TABLE t ALTER COLUMN n TYPE text"], ["ALTER TABLE t ALTER COLUMN n TYPE numeric USING n::numeric"]),
    Unit(
        "truncate",
        ["BEGIN", "TRUNCATE child", "INSERT INTO child VALUES (1, 1, 'one')", "COMMIT"],
        ["TRUNCATE child", "INSERT INTO child SELECT g, g, repeat('p', 40) FROM generate_series(1, 300) g"],
    ),
    Unit(
        "drop table",
        ["DROP TABLE other"],
        ["CREATE TABLE other (a int, b text)", "INSERT INTO other SELECT g, 'o' FROM generate_series(1, 100) g"],
    ),
    Unit("checkpoint", ["CHECKPOINT"], prepare=["UPDATE t SET n = n + 0 WHERE id % 5 = 0"]),
    Unit(
        "prepare",
        ["BEGIN", "UPDATE t SET n = n + 1 WHERE id < 50", "PREPARE TRANSACTION 'p'"],
        ["ROLLBACK PREPARED 'p'"],
    ),
    Unit(
        "commit prepared",
        ["COMMIT PREPARED 'q'"],
        ["UPDATE t SET n = n - 1 WHERE id < 50"],
        ["BEGIN", "UPDATE t SET n = n + 1 WHERE id < 50", "PREPARE TRANSACTION 'q'"],
    ),
)
# Units of the whole server: which signal ends it and whether the fault is there while it ends, or while it starts.
ENDS = {"clean stop": (signal.SIGTERM, True), "clean start": (signal.SIGTERM, False), "recovery": (signal.SIGKILL, False)}

VISIBLE = (
    "SELECT relname, relkind FROM pg_class WHERE relnamespace = 2200 ORDER BY 1",
    "SELECT attrelid::regclass::text, attname, atttypid FROM pg_attribute WHERE attnum > 0 AND attrelid IN"
    " (SELECT oid FROM pg_class WHERE relnamespace = 2200) ORDER BY 1, 2",
    "SELECT gid FROM pg_prepared_xacts ORDER BY 1",
    "SELECT * FROM t ORDER BY id",
    "SELECT * FROM t ORDER BY s",
    "SELECT * FROM child ORDER BY id",
    "SELECT id, length(b), md5(b) FROM big ORDER BY id",
)
PERHAPS = (("other", "SELECT * FROM other ORDER BY a"), ("made", "SELECT * FROM made ORDER BY a"))


class Wrong(Exception):
    """What must not happen."""


class Server:
    def __init__(self, work):
        self.work = work
        self.file = os.path.join(work, "x.db")
        self.control = Control(os.path.join(work, "control"))
        self.environment = self.control.environment(DASSIE, library_of(DASSIE), self.file)
        self.log_path = os.path.join(work, "server.log")
        self.process = self.conn = None
        self.log_seen = 0

    def launch(self):
        command = [DASSIE, "serve", self.file, "--listen", "none", "--socket-dir", self.work]
        for setting in SETTINGS:
            command += ["--set", setting]
        with open(self.log_path, "ab") as log:
            self.log_seen = log.tell()
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment)

    def connect(self, armed=False):
        """False: the server has ended instead."""
        end = time.monotonic() + HANG_SECONDS
        while True:
            try:
                self.conn = psycopg2.connect(host=self.work, user="postgres", dbname="postgres")
                self.conn.autocommit = True
                return True
            except psycopg2.OperationalError as error:
                if self.process.poll() is not None:
                    return False
                if armed and "FATAL" in str(error) and time.monotonic() > end - HANG_SECONDS + 1:
                    return True  # it is there and refuses sessions, as long as the fault stays
                if time.monotonic() > end:
                    raise Wrong(f"the server does not answer: {error}") from None
                time.sleep(0.003)

    def start(self):
        self.launch()
        if not self.connect():
            raise Wrong("the server does not start: " + self.log()[-600:])

    def log(self):
        """Of the server that runs, or ran last."""
        with open(self.log_path, "rb") as f:
            f.seek(self.log_seen)
            return f.read().decode("utf-8", "replace")

    def ended(self, seconds=HANG_SECONDS):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Wrong("the connection is lost, and the server still there") from None

    def end(self, sig):
        if self.conn is not None:
            self.conn.close()
            self.conn = None
        self.process.send_signal(sig)
        return self.ended()

    def check(self):
        done = subprocess.run([DASSIE, "check", self.file], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Wrong("dassie check: " + done.stdout[-1500:] + done.stderr[-1500:])


class Sweep:
    def __init__(self, server, arguments):
        self.server, self.arguments = server, arguments
        self.random = random.Random(arguments.seed)
        self.cases = self.failed = 0
        self.outcomes = collections.Counter()
        self.before = self.after = self.result = None
        self.begun = None
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        """A case that hangs: the server is made to dump where it is, and the case fails."""
        while True:
            time.sleep(1)
            begun = self.begun
            if begun is not None and time.monotonic() - begun > HANG_SECONDS:
                print("a case hangs", flush=True)
                self.server.process.send_signal(signal.SIGQUIT)
                time.sleep(5)
                self.server.process.kill()

    # -- statements --

    def run(self, steps):
        got = []
        with self.server.conn.cursor() as cursor:
            for step in steps:
                if callable(step):
                    got.append(step(cursor))
                else:
                    cursor.execute(step)
                    got.append(cursor.fetchall() if cursor.description else cursor.statusmessage)
        return got

    def visible(self):
        got = self.run(VISIBLE)
        there = {name for name, _ in got[0]}
        got += self.run([sql for name, sql in PERHAPS if name in there])
        return hashlib.md5(repr(got).encode()).hexdigest()

    def attempt(self, unit):
        """(what happened, SQLSTATE or signal) of the unit with a fault below it."""
        try:
            got = self.run(unit.run)
            if got != self.result:
                raise Wrong(f"another result: {str(got)[:300]}")
            return "works", None
        except psycopg2.Error as error:
            if error.pgcode is not None and not self.server.conn.closed:
                try:
                    self.run(["ROLLBACK"])
                    return "error", error.pgcode
                except psycopg2.Error as second:
                    if not self.server.conn.closed:
                        raise Wrong(f"ROLLBACK fails: {second.pgcode} {second}") from None
            return "ends", error.pgcode

    def must_have_said(self, code):
        """The process has ended: it said why, and by itself."""
        log = self.server.log()
        if "Sanitizer" in log or "runtime error:" in log:
            raise Wrong("sanitizer: " + log[-3000:])
        if code == -signal.SIGSEGV and self.server.control.where(DASSIE).startswith("pg_query_"):
            return "by signal 11: libpg_query asks for memory and does not look whether it got any"
        if code != -signal.SIGABRT or "FATAL" not in log:
            raise Wrong(f"the process ended with {code}: " + log[-500:])
        if "a library ended the process" in log and not self.server.control.where(DASSIE).endswith(":?"):
            raise Wrong("a library ended the process: " + log[-500:])  # only one without line numbers: libpg_query
        reason = [line for line in log.split("\n") if "FATAL" in line][-1].split("FATAL:", 1)[-1]
        for cut in (' "', " (../", ": could not"):
            reason = reason.split(cut)[0]
        return reason.strip()

    def case(self, unit, name, n):
        """One fault; False: there was nothing to fail any more."""
        fault, states, may_end = FAULTS[name]
        server = self.server
        before = self.before
        if unit.prepare:
            self.run(unit.prepare)
            before = self.visible()
        server.control.arm(fault, n)
        what, state = self.attempt(unit)
        failed = server.control.disarm()
        last = server.control.last()
        if what == "error" and (not failed or state not in states):
            raise Wrong(f"error {state}, {failed} calls failed, the last {last}")
        if what == "ends":
            reason = self.must_have_said(server.ended())
            if not failed or not may_end:
                raise Wrong(f"the process ends, {failed} calls failed, the last {last}: {reason}")
            what, state = "the process ends", reason
            server.start()
        try:
            now = self.visible()
        except psycopg2.OperationalError:
            # The error was told while the process was ending.
            state = f"{state}, then the process ends: {self.must_have_said(server.ended())}"
            server.start()
            now = self.visible()
        allowed = {"works": {self.after}, "error": {before}}.get(what, {before, self.after})
        if now not in allowed:
            raise Wrong(f"{what} {state}: what is visible is neither as before nor as after")
        if now == self.after and before != self.after:
            self.run(unit.undo)
        elif unit.prepare and "PREPARE" in unit.prepare[-1]:
            self.run(["ROLLBACK PREPARED 'q'"])
        if failed:
            self.outcomes[f"{name:16}{last if 'm' != name[0] else '':18}{what}{' ' + state if state else ''}"] += 1
        return failed > 0

    def case_whole(self, unit, name, n):
        """The server ends, and starts, with a fault in the one or the other."""
        fault, states, may_end = FAULTS[name]
        server, (sig, ending) = self.server, ENDS[unit]
        self.run(["UPDATE t SET n = n + 0 WHERE id % 5 = 0"])
        if not ending:
            server.end(sig)
        server.control.arm(fault, n)
        what = "works"
        if ending:
            code = server.end(sig)
            if code != 0:
                what = self.ending(code, states, may_end)
        else:
            server.launch()
            if not server.connect(armed=True):
                what = self.ending(server.ended(), states, may_end)
        failed = server.control.disarm()
        last = server.control.last()
        if what != "works" and not failed:
            raise Wrong(f"{what} without a fault: " + server.log()[-600:])
        if ending or what != "works":
            server.start()
        elif server.conn is None:
            what = "no sessions while the fault stays"
            if not server.connect():
                what += ", then " + self.ending(server.ended(), states, may_end)
                server.start()
        try:
            now = self.visible()
        except psycopg2.Error as error:
            # The fault came after the opening, in the background.
            if not server.conn.closed:
                raise
            what = "opens, then " + self.ending(server.ended(), states, may_end) + f" ({error.pgcode})"
            server.start()
            now = self.visible()
        if now != self.before:
            raise Wrong("something else is visible")
        if failed:
            self.outcomes[f"{name:16}{last if 'm' != name[0] else '':18}{unit}: {what}"] += 1
        return failed > 0

    def ending(self, code, states, may_end):
        """What the end of a server with a fault is called; it must be an error told, or the abort."""
        log = self.server.log()
        if code == -signal.SIGABRT and may_end:
            return "the process ends: " + self.must_have_said(code)
        if code != 1 or not any(f"({state})" in log for state in states):
            raise Wrong(f"the process ends with {code}: " + log[-1000:])
        return "refused, and said why"

    # -- sweeps --

    def sweep(self, name, case, per_pair):
        """n = 1, 2, ... or some of them; the number of cases that met a fault."""
        n, misses = 1, 0
        if self.arguments.at:
            self.one(name, case, self.arguments.at)
            return
        while misses < 2 and per_pair > 0:
            faulted = self.one(name, case, n)
            misses = 0 if faulted else misses + 1
            if self.arguments.all:
                n += self.arguments.step
            else:
                # Ever further: the first calls are the log's, the others lie anywhere.
                n += 1 + int(self.random.expovariate(1 / (2.0 * n)))
                per_pair -= 1
            if name == "short":
                return  # every call is short from the first on

    def one(self, name, case, n):
        self.begun = time.monotonic()
        self.cases += 1
        try:
            return case(name, n)
        except (Wrong, psycopg2.Error) as error:
            self.failed += 1
            self.server.control.disarm()
            label = self.label.replace(" ", "-")
            where = f" ({self.server.control.where(DASSIE)})" if name == "memory" else ""
            print(f"FAILED {self.label}, {name}, call {n}{where}: {type(error).__name__}: {error}")
            print(f"  again: tests/faults/run.sh --real --unit '{self.label}' --fault {name} --at {n}", flush=True)
            kept = os.environ.get("FAULTS_KEPT")
            if kept:
                shutil.copytree(self.server.work, os.path.join(kept, f"{label}-{name}-{n}"), dirs_exist_ok=True, ignore=sockets)
            self.fresh()
            return True
        finally:
            self.begun = None

    def fresh(self):
        """Another file: nothing is known of this one any more."""
        server = self.server
        if server.process is not None and server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        for name in os.listdir(server.work):
            path = os.path.join(server.work, name)
            if name.startswith("x.db"):
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        server.start()
        self.run(SETUP)
        self.before = self.visible()

    def faults(self):
        for name in FAULTS:
            sanitized = "san.so" in self.server.environment["LD_PRELOAD"]  # it has its own allocator
            if self.arguments.fault in name and not (sanitized and name in ("memory", "map")):
                yield name

    def unit(self, unit, per_pair):
        self.label = unit.name
        self.run(unit.prepare)
        self.result = self.run(unit.run)
        self.after = self.visible()
        self.run(unit.undo)
        if self.visible() != self.before:
            raise Wrong(f"the undoing of {unit.name} does not undo")
        for name in self.faults():
            self.sweep(name, lambda fault, n: self.case(unit, fault, n), per_pair)
        self.settle(unit.name)

    def whole(self, unit, per_pair):
        self.label = unit
        for name in self.faults():
            self.sweep(name, lambda fault, n: self.case_whole(unit, fault, n), per_pair)
        self.settle(unit)

    def settle(self, name):
        """A clean stop and a look at the whole file."""
        self.cases += 1
        try:
            if self.server.end(signal.SIGTERM) != 0:
                raise Wrong("the server did not end cleanly: " + self.server.log()[-600:])
            self.server.check()
            self.server.start()
        except (Wrong, psycopg2.Error) as error:
            self.failed += 1
            print(f"FAILED {name}, at the end: {error}", flush=True)
            self.fresh()


HELD = (  # what another session is told while the commit of "DELETE FROM t WHERE id = 7" is not durable
    ["SELECT count(*) FROM t"],
    ["SELECT * FROM t WHERE id = 7"],
    ["SELECT id FROM t WHERE s = 'row 7'"],
    ["UPDATE t SET n = 0 WHERE id = 7"],
    ["DELETE FROM t WHERE s = 'row 7'"],
    ["DECLARE c CURSOR FOR SELECT * FROM t WHERE id = 7", "FETCH c"],
)


def told(conn, statements):
    with conn.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def held_replies(server):
    """A reply waits for the commits it shows, also in a transaction that goes on, also when it shows that there is no
    row: the log's syncs are held up, and nobody may be answered until they go on. Returns what was answered."""
    wrong = []
    for statements in HELD:
        writer, reader = (psycopg2.connect(host=server.work, user="postgres", dbname="postgres") for _ in range(2))
        told(writer, ["DELETE FROM t WHERE id = 7"])
        told(reader, ["SELECT 1"])
        server.control.arm(Fault("sync", None, "log", times=ALWAYS))
        threads = [threading.Thread(target=writer.commit), threading.Thread(target=told, args=(reader, statements))]
        for thread in threads:
            thread.start()
            thread.join(0.15)
        wrong += [what for what, thread in zip(("COMMIT", statements), threads) if not thread.is_alive()]
        server.control.disarm()
        for thread in threads:
            thread.join(HANG_SECONDS)
        reader.rollback()
        told(writer, [rows(7, 7), "INSERT INTO child VALUES (7, 7, repeat('p', 40))"])
        writer.commit()
        writer.close()
        reader.close()
    return wrong


def sockets(_, names):
    return [name for name in names if name.startswith(".s.")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--unit", default="")
    parser.add_argument("--fault", default="")
    parser.add_argument("--at", type=int, default=0)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1000000)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    # Not for the sake of the disk, so memory will do: there are thousands of syncs.
    work = tempfile.mkdtemp(prefix="dassie-faults.", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    sweep = Sweep(Server(work), arguments)
    try:
        sweep.fresh()
        for unit in UNITS:
            if arguments.unit in unit.name:
                sweep.unit(unit, 3)
        for name in ENDS:
            if arguments.unit in name:
                sweep.whole(name, 2)
        if arguments.unit in "held replies":
            sweep.cases += 1
            wrong = held_replies(sweep.server)
            sweep.failed += bool(wrong)
            if wrong:
                print(f"FAILED held replies: answered before what they show was durable: {wrong}")
    except (Wrong, psycopg2.Error) as error:
        sweep.failed += 1
        print(f"FAILED {type(error).__name__}: {error}")
    finally:
        if sweep.server.process is not None and sweep.server.process.poll() is None:
            sweep.server.process.kill()
            sweep.server.process.wait()
        shutil.rmtree(work, ignore_errors=True)
    for text, count in sorted(sweep.outcomes.items()):
        print(f"{count:6}  {text}")
    print(f"{sweep.cases - sweep.failed} passed, {sweep.failed} failed")
    sys.exit(bool(sweep.failed))


main()
