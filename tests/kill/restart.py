"""Servers that die and come back: the supervisor, prepared transactions, undo of a huge transaction.

Goal: a server process that a signal ends is back within a second, by itself; killing the program's own pid ends all
at once; prepared transactions are prepared again after either, with rows unseen and locks held; while the undo of a
huge transaction runs in the background others are answered at once, see what was before, wait for its rows and go
on, however often it is cut off. Method: a real server, signals, and psycopg2 sessions; each case has a file of its own.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import psycopg2

DASSIE = os.environ["DASSIE"]
WORK = os.environ["KILL_WORK"]
HUGE_ROWS = int(os.environ.get("KILL_HUGE_ROWS", "2000000" if os.environ.get("CHECK_ALL") else "300000"))
PREPARED_ROUNDS = int(os.environ.get("KILL_PREPARED_ROUNDS", "30" if os.environ.get("CHECK_ALL") else "5"))


class Server:
    """`dassie serve` on a file of its own."""

    def __init__(self, name, *options):
        self.dir = os.path.join(WORK, name)
        os.mkdir(self.dir)
        self.file = os.path.join(self.dir, "x.db")
        self.options = options
        self.process = None

    def start(self, wait=True):
        command = [DASSIE, "serve", self.file, "--listen", "none", "--socket-dir", self.dir]
        for option in self.options:
            command += ["--set", option]
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if wait:
            self.wait_up()

    def wait_up(self, seconds=60):
        started = time.monotonic()
        while True:
            try:
                self.connect().close()
                return time.monotonic() - started
            except psycopg2.OperationalError:
                assert self.process.poll() is None, "the server ended:\n" + self.log()
                assert time.monotonic() - started < seconds, "the server does not come up:\n" + self.log()
                time.sleep(0.005)

    def connect(self, autocommit=True):
        conn = psycopg2.connect(host=self.dir, user="postgres", dbname="postgres")
        conn.autocommit = autocommit
        return conn

    def sql(self, text):
        conn = self.connect()
        try:
            with conn.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchall() if cursor.description else None
        finally:
            conn.close()

    def child(self):
        """The process that serves."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
            pids = f.read().split()
        return int(pids[0]) if pids else None

    def kill_child(self, sig=signal.SIGKILL):
        child = self.child()
        os.kill(child, sig)
        end = time.monotonic() + 10
        while alive(child) and time.monotonic() < end:
            time.sleep(0.001)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        return self.process.wait(60)

    def log(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def check(self):
        done = subprocess.run([DASSIE, "check", self.file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, "dassie check: " + done.stdout[-2000:] + done.stderr[-2000:]

    def end(self):
        assert self.stop() == 0, "the server did not end cleanly:\n" + self.log()
        self.check()
        shutil.rmtree(self.dir)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


# ---- the supervisor ----


def case_worker_dies():
    server = Server("worker")
    server.start()
    server.sql("CREATE TABLE t (a int)")
    pid = server.process.pid
    for number, sig in enumerate((signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGKILL)):
        server.sql(f"INSERT INTO t VALUES ({number})")
        old = server.child()
        server.kill_child(sig)
        seconds = server.wait_up()
        assert server.child() != old
        assert server.process.poll() is None
        # The first death is answered at once; later ones of servers that lived for seconds only wait longer.
        assert number > 0 or seconds < 1.5, f"{seconds} s until it was back"
        assert server.sql("SELECT count(*) FROM t") == [(number + 1,)]
        with open(server.file + "-run", encoding="utf-8") as f:
            assert int(f.readline()) == pid
    log = server.log()
    assert log.count("dassie is ready") == 1, log
    assert log.count("the server is ready again") == 4, log
    assert "terminated by signal 11" in log and "keeps ending; starting it again in 2 s" in log, log
    server.process.send_signal(signal.SIGHUP)
    assert server.sql("SELECT count(*) FROM t") == [(4,)]
    server.end()


def case_supervisor_dies():
    server = Server("supervisor")
    server.start()
    server.sql("CREATE TABLE t (a int)")
    for number in range(5):
        server.sql(f"INSERT INTO t VALUES ({number})")
        child = server.child()
        server.kill()
        server.start()  # at once: the file may still be locked by the dying server
        assert not alive(child)
        assert server.sql("SELECT count(*) FROM t") == [(number + 1,)]
    assert server.stop(signal.SIGINT) == 0
    server.start()
    server.end()


def case_not_restarted():
    server = Server("off", "restart_after_crash=off")
    server.start()
    assert server.child() is None
    server.kill()
    server.start()
    server.process.send_signal(signal.SIGABRT)
    assert server.process.wait(10) == -signal.SIGABRT
    server.start()
    server.end()
    server = Server("wrong", "work_mem=abc")
    server.start(wait=False)
    assert server.process.wait(10) == 1
    assert "again" not in server.log()


def case_stop_while_waiting():
    """A server that keeps dying is started ever later; SIGTERM ends the supervisor in the pause, too."""
    server = Server("loop")
    server.start()
    for _ in range(3):
        server.kill_child()
        server.wait_up()
    server.kill_child()
    end = time.monotonic() + 10
    while "in 4 s" not in server.log():
        assert time.monotonic() < end, server.log()
        time.sleep(0.01)
    started = time.monotonic()
    assert server.stop() == 128 + signal.SIGKILL
    assert time.monotonic() - started < 2
    server.check()


# ---- prepared transactions ----


def prepared_names(server):
    return {gid for (gid,) in server.sql("SELECT gid FROM pg_prepared_xacts")}


def prepared_load(server, stop, state, number):
    """Moves amounts between accounts by two-phase commit; notes what was answered and what may have been."""
    r = random.Random(number)
    conn = server.connect()
    cursor = conn.cursor()
    turn = 0
    try:
        while not stop.is_set():
            turn += 1
            gid = f"{number}-{state['round']}-{turn}"
            a, b = number * 10 + r.randrange(10), number * 10 + r.randrange(10)
            cursor.execute("BEGIN")
            cursor.execute("UPDATE account SET n = n - 1 WHERE id = %s", (a,))
            cursor.execute("UPDATE account SET n = n + 1 WHERE id = %s", (b,))
            cursor.execute("INSERT INTO done VALUES (%s)", (gid,))
            state["maybe"].add(gid)
            cursor.execute(f"PREPARE TRANSACTION '{gid}'")
            state["prepared"].add(gid)
            end = r.choice(("COMMIT", "COMMIT", "ROLLBACK"))
            state["ending"][gid] = end
            cursor.execute(f"{end} PREPARED '{gid}'")
            state["ended"][gid] = end
    except psycopg2.Error:
        pass
    finally:
        conn.close()


def prepared_verify(server, states):
    """What was answered is true; what is left prepared holds its rows, and then is ended at random."""
    names = prepared_names(server)
    for state in states:
        for gid in state["prepared"]:
            if gid not in state["ending"]:
                assert gid in names, f"{gid} was prepared and is gone"
        for gid in state["ended"]:
            assert gid not in names, f"{gid} was ended and is back"
    done = {gid for (gid,) in server.sql("SELECT gid FROM done")}
    assert not done & names, "rows of prepared transactions are seen"
    for gid in names:
        end = random.choice(("COMMIT", "ROLLBACK"))
        server.sql(f"{end} PREPARED '{gid}'")
        for state in states:
            if gid in state["maybe"]:
                state["ended"][gid] = end
    done = {gid for (gid,) in server.sql("SELECT gid FROM done")}
    for state in states:
        for gid, end in state["ended"].items():
            assert (gid in done) == (end == "COMMIT"), f"{end} PREPARED '{gid}', and the row is {gid in done}"
        for gid in state["maybe"] - set(state["ended"]):
            end = state["ending"].get(gid)
            assert gid not in done or end == "COMMIT", f"{gid} committed by itself"
    assert server.sql("SELECT sum(n), min(id) FROM account") == [(0, 0)]
    server.sql("DELETE FROM done")


def case_prepared_load():
    server = Server("prepared")
    server.start()
    server.sql("CREATE TABLE account (id int PRIMARY KEY, n int)")
    server.sql("INSERT INTO account SELECT g, 0 FROM generate_series(0, 39) g")
    server.sql("CREATE TABLE done (gid text PRIMARY KEY)")
    for number in range(PREPARED_ROUNDS):
        stop = threading.Event()
        states = [{"round": number, "maybe": set(), "prepared": set(), "ending": {}, "ended": {}} for _ in range(4)]
        threads = [threading.Thread(target=prepared_load, args=(server, stop, s, i)) for i, s in enumerate(states)]
        for t in threads:
            t.start()
        time.sleep(random.uniform(0.2, 0.8))
        if number % 3 == 0:
            server.sql("CHECKPOINT")
        server.kill()
        stop.set()
        for t in threads:
            t.join(60)
        if number % 2:
            server.check()
        server.start()
        prepared_verify(server, states)
    server.end()


def case_prepared_waits():
    """Locks and rows of prepared transactions over a death of the server, a checkpoint, and a shutdown."""
    server = Server("waits")
    server.start()
    server.sql("CREATE TABLE t (a int PRIMARY KEY, n int)")
    server.sql("CREATE TABLE u (a int)")
    server.sql("INSERT INTO t SELECT g, 0 FROM generate_series(1, 1000) g")
    conn = server.connect()
    cursor = conn.cursor()
    cursor.execute("BEGIN; UPDATE t SET n = 1 WHERE a <= 500; SELECT a FROM t WHERE a = 600 FOR UPDATE")
    cursor.execute("LOCK TABLE u IN EXCLUSIVE MODE; SELECT pg_advisory_xact_lock(5)")
    cursor.execute("CREATE TABLE made (x int); INSERT INTO made VALUES (1), (2); CREATE INDEX ON t (n)")
    cursor.execute("PREPARE TRANSACTION 'w'")
    for turn in range(4):
        if turn == 1:
            server.sql("CHECKPOINT")
        if turn == 3:
            assert server.stop() == 0
            assert os.path.isdir(server.file + "-wal")
            assert "prepared transactions wait for their end" in server.log()
            server.check()
            server.start()
        elif turn > 0:
            server.kill_child()
            server.wait_up()
        assert prepared_names(server) == {"w"}
        assert server.sql("SELECT sum(n), count(*) FROM t") == [(0, 1000)]
        assert server.sql("SELECT pg_try_advisory_lock(5)") == [(False,)]
        for statement in (
            "UPDATE t SET n = 9 WHERE a = 1",
            "UPDATE t SET n = 9 WHERE a = 600",
            "INSERT INTO u VALUES (1)",
            "INSERT INTO t VALUES (2000, 1)",  # CREATE INDEX holds SHARE
        ):
            try:
                server.sql("SET lock_timeout = '50ms'; " + statement)
                raise AssertionError(f"{statement} did not wait")
            except psycopg2.errors.LockNotAvailable:
                pass
    waiter = threading.Thread(target=server.sql, args=("UPDATE t SET n = n + 10 WHERE a = 1",))
    waiter.start()
    time.sleep(0.3)
    assert waiter.is_alive()
    server.sql("COMMIT PREPARED 'w'")
    waiter.join(20)
    assert not waiter.is_alive()
    assert server.sql("SELECT sum(n) FROM t") == [(510,)]
    assert server.sql("SELECT count(*) FROM made") == [(2,)]
    server.kill()
    server.start()
    assert server.sql("SELECT sum(n) FROM t") == [(510,)]
    server.end()


# ---- undo of a huge transaction ----


def case_huge_undo():
    server = Server("huge", "shared_buffers=256MB")
    server.start()
    server.sql("CREATE TABLE huge (a int PRIMARY KEY, n int, filler text)")
    server.sql(f"INSERT INTO huge SELECT g, 0, 'some text that is there' FROM generate_series(1, {HUGE_ROWS}) g")
    server.sql("CREATE TABLE small (a int)")
    server.sql("CHECKPOINT")
    conn = server.connect(autocommit=False)
    conn.cursor().execute("UPDATE huge SET n = a, filler = 'what must not stay'")
    server.sql("INSERT INTO small VALUES (0)")  # all of the log is durable with it
    answers = []
    for turn in range(3):
        server.kill_child()
        up = server.wait_up()
        started = time.monotonic()
        assert server.sql(f"SELECT n, filler FROM huge WHERE a = {HUGE_ROWS // 2}") == [(0, "some text that is there")]
        server.sql(f"INSERT INTO small VALUES ({turn + 1})")
        answers.append(time.monotonic() - started)
        assert server.sql("SELECT sum(n::bigint), count(*) FROM huge WHERE a % 10 = 1")[0][0] == 0
        print(f"    up after {up:.2f} s, first answers after {answers[-1]:.3f} s more")
    seen = server.log().count("undo done")
    # A writer to a row that is undone last: it waits for the undo, and goes on.
    started = time.monotonic()
    server.sql("UPDATE huge SET n = 5 WHERE a = 1")
    print(f"    the first row could be written after {time.monotonic() - started:.2f} s; undo had ended {seen} times")
    assert server.sql("SELECT sum(n::bigint), count(*), count(DISTINCT filler) FROM huge") == [(5, HUGE_ROWS, 1)]
    assert server.sql("SELECT count(*) FROM small") == [(4,)]
    assert max(answers) < 5, answers
    server.end()


def main():
    cases = [(name[5:], fn) for name, fn in globals().items() if name.startswith("case_")]
    if len(sys.argv) > 1:
        cases = [c for c in cases if c[0] in sys.argv[1:]]
    failed = 0
    for name, fn in cases:
        started = time.monotonic()
        try:
            fn()
            print(f"{name}: {time.monotonic() - started:.1f} s")
        except (AssertionError, subprocess.SubprocessError, psycopg2.Error, OSError) as error:
            failed += 1
            print(f"FAILED {name}: {type(error).__name__}: {error}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
