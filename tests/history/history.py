"""Random transactions against a real server while things happen to it, and a check of what the clients saw.

Usage: history.py            the hand-made histories, then every plan below on dassie
       history.py oracle     the plans that PostgreSQL can run, on the server at WIRE_SOCKET_DIR, WIRE_PORT
Each plan is a server, some seconds of load at some levels, and a nemesis. Seeds: HISTORY_SEED (default: from the
clock, printed), HISTORY_ROUNDS and HISTORY_SECONDS; round n uses seed + n, so a long run can be continued.
"""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

import checker
import load
import pgwire
import test_checker

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults"))

import iofault
from checker import FAIL, OK, RC, RR, SER

WORK = os.environ.get("HISTORY_WORK", "/tmp")
DASSIE = os.environ.get("DASSIE", "build/dassie")
CLIENTS = int(os.environ.get("HISTORY_CLIENTS", "10"))
KIB = 1024


class Plan:
    def __init__(self, name, levels, nemesis=None, settings=(), seconds=1.0, expect=()):
        self.name, self.levels, self.nemesis, self.settings = name, levels, nemesis, settings
        self.seconds = seconds  # in units of HISTORY_SECONDS
        self.expect = expect  # [(level, anomalies of which one must be found when checked at that level)]


class Server:
    """dassie on a file of its own."""

    def __init__(self, settings):
        self.settings, self.process = settings, None
        self.file = os.path.join(WORK, "history.db")
        self.control = self.environment = None  # of faults below it
        for name in os.listdir(WORK):
            if name.startswith("history.db"):
                path = os.path.join(WORK, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        self.log = open(os.path.join(WORK, "server.log"), "ab")

    def start(self, wait=True):
        more = [word for s in self.settings for word in ("--set", s)]
        self.process = subprocess.Popen(
            [DASSIE, "serve", self.file, "--listen", "none", "--socket-dir", WORK, *more],
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
            env=self.environment,
        )
        if wait:
            self.wait_ready()

    def can_fail(self):
        """Before the start: its system calls can be made to fail (tests/faults/iofault.c)."""
        self.control = iofault.Control(os.path.join(WORK, "control"))
        self.environment = self.control.environment(DASSIE, iofault.library_of(DASSIE), self.file)

    def wait_ready(self):
        end = time.monotonic() + 30
        while True:
            try:
                load.Client().close()
                return
            except (OSError, pgwire.Closed):
                if self.process.poll() is not None or time.monotonic() > end:
                    raise AssertionError(f"the server does not come up (exit code {self.process.poll()})") from None
                time.sleep(0.01)

    def pid(self):
        """The process that serves: the child, where a supervisor stands above it."""
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
                return int((f.read().split() or [self.process.pid])[0])
        except OSError:
            return self.process.pid

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise AssertionError(f"the server ended with {self.process.returncode}")
        done = subprocess.run([DASSIE, "check", self.file], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError("dassie check: " + done.stdout[-2000:] + done.stderr[-2000:])


class Oracle:
    """A PostgreSQL that somebody else has started."""

    def start(self):
        conn = load.Client()
        conn.run("DROP TABLE IF EXISTS la, lt, reg")
        conn.close()

    def stop(self):
        pass


# -- nemeses: called again and again while the load runs; each returns what it did --


def nemesis_kill(server, r):
    time.sleep(r.uniform(0.2, 1.2))
    if server.pid() != server.process.pid and r.random() < 0.3:
        os.kill(server.pid(), signal.SIGKILL)  # its supervisor starts it again
        time.sleep(0.02)
        server.wait_ready()
        return "kill below the supervisor"
    server.kill()
    for _ in range(r.choice((0, 0, 1, 2))):
        server.start(wait=False)
        time.sleep(r.uniform(0.0, 0.1))
        server.kill()
    server.start()
    return "kill"


def nemesis_pause(server, r):
    time.sleep(r.uniform(0.05, 0.5))
    pid = server.pid()
    os.kill(pid, signal.SIGSTOP)
    time.sleep(r.uniform(0.01, 0.3))
    os.kill(pid, signal.SIGCONT)
    return "pause"


def nemesis_checkpoint(server, r):
    time.sleep(r.uniform(0.02, 0.3))
    try:
        conn = load.Client()
        conn.run("CHECKPOINT")
        conn.close()
    except (OSError, pgwire.Closed, load.Failed):
        if server.control is None:
            raise  # nothing was made to fail
    return "checkpoint"


def nemesis_full(server, r):
    """No file can grow past where the data file is now: writes fail as on a full disk. Then there is room again."""
    time.sleep(r.uniform(0.1, 0.5))
    pid = server.pid()
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    limit = max(os.path.getsize(server.file) + r.choice((0, 8, 64)) * KIB, KIB)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, hard))
    time.sleep(r.uniform(0.05, 0.5))
    try:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    except ProcessLookupError:
        pass
    if server.pid() != pid or server.process.poll() is not None:
        # A log that cannot be written ends the process, as documented.
        if server.process.poll() is not None:
            server.start()
        server.wait_ready()
        return "full disk, restart"
    if r.random() < 0.3:
        server.kill()
        server.start()
        return "full disk, kill"
    return "full disk"


FAULTS = [  # the last: how many calls fail at most
    (iofault.Fault("read", "EIO", "data log"), 3),
    (iofault.Fault("read", "EIO", "data"), 40),
    (iofault.Fault("sync", "EIO"), 1),
    (iofault.Fault("write extend", "EIO", "data double", half=True), 5),
    (iofault.Fault("write extend", "EIO"), 1),
    (iofault.Fault("create extend allocate truncate mkdir", "ENOSPC"), iofault.ALWAYS),
    (iofault.Fault("read write extend", None, half=True), iofault.ALWAYS),
]


def nemesis_faults(server, r):
    """Some system calls of the running server fail; where that ends the process, its supervisor starts it again."""
    time.sleep(r.uniform(0.02, 0.3))
    fault, most = r.choice(FAULTS)
    pid = server.pid()
    fault.times = most if most == iofault.ALWAYS else r.randint(1, most)
    server.control.arm(fault, r.choice((1, 1, 2, 5, 10, 20)))
    if fault.calls != "sync" and r.random() < 0.5:
        nemesis_checkpoint(server, r)  # pages go, and come again
    time.sleep(r.uniform(0.05, 0.4) if fault.error != "ENOSPC" else r.uniform(0.3, 1.5))  # files grow now and then only
    failed = server.control.disarm()
    if not failed:
        return "nothing to fail"
    what = f"{fault.calls} {fault.error or 'short'}"
    time.sleep(0.02)
    if server.process.poll() is not None:
        server.start()  # it was not to be read or written while it opened the file again, so the supervisor has ended
        return what + ", start"
    if server.pid() != pid:
        if r.random() < 0.8:
            server.kill()  # its supervisor waits longer each time
            server.start()
        server.wait_ready()
        return what + ", restart"
    if r.random() < 0.15:
        server.kill()
        server.start()
        return what + ", kill"
    return what


def nemesis_mixed(server, r):
    return r.choice((nemesis_kill, nemesis_pause, nemesis_checkpoint, nemesis_full, nemesis_faults))(server, r)


WEAK_RR = (RC, {"G-single", "fractured-read", "lost-update", "internal", "stale-read", "G-nonadjacent"})
SKEW = {"G2-item", "G2"}

PLANS = [
    Plan("read committed", (RC,), expect=[(RR, {"G-single", "fractured-read", "lost-update", "internal"})]),
    Plan("repeatable read", (RR,), expect=[(SER, SKEW)]),
    Plan("serializable", (SER,)),
    Plan("all levels", (RC, RR, SER), nemesis_pause, seconds=0.7),
    Plan("kill -9", (RC, RR, SER), nemesis_kill, seconds=1.5),
    Plan("tiny pool", (RC, RR, SER), nemesis_checkpoint, ("shared_buffers=128kB",)),
    Plan("full disk", (RC, RR, SER), nemesis_full, ("shared_buffers=256kB",)),
    Plan("faults", (RC, RR, SER), nemesis_faults, ("shared_buffers=128kB",), seconds=1.5),
]
LONG_PLANS = [Plan("everything", (RC, RR, SER), nemesis_mixed, ("shared_buffers=256kB",), 2.0)]


def level_there(level):
    """Can the server run transactions at this level?"""
    conn = load.Client()
    try:
        conn.run(f"BEGIN ISOLATION LEVEL {level}")
        conn.run("SELECT 1")
        conn.run("COMMIT")
        return True
    except load.Failed as error:
        if error.state != "0A000":
            raise
        return False
    finally:
        conn.close()


def run_load(server, plan, levels, seed, seconds):
    """The load with its nemesis; returns (what the clients know, what the nemesis did, the final state)."""
    conn = load.Client()
    for sql in load.SCHEMA:
        conn.run(sql)
    conn.close()
    shared = load.Shared(seed, levels, CLIENTS)
    workers = [load.Worker(shared, n + 1) for n in range(CLIENTS)]
    for worker in workers:
        worker.start()
    end, did, r = time.monotonic() + seconds, {}, random.Random(seed + 1)
    try:
        while time.monotonic() < end:
            if plan.nemesis and not isinstance(server, Oracle):
                what = plan.nemesis(server, r)
                did[what] = did.get(what, 0) + 1
            else:
                time.sleep(0.05)
            if not isinstance(server, Oracle) and server.process.poll() is not None:
                raise AssertionError(f"the server has gone (exit code {server.process.returncode})")
    finally:
        shared.stop = True
        for worker in workers:
            worker.join(60)
    if any(worker.is_alive() for worker in workers):
        raise AssertionError("a client hangs")
    return shared, did, load.final_state(shared)


def run_plan(plan, seed, seconds, totals, oracle=False):
    """One plan; returns the texts of what was wrong."""
    server = Oracle() if oracle else Server(plan.settings)
    if plan.nemesis in (nemesis_faults, nemesis_mixed) and not oracle:
        server.can_fail()
    server.start()
    levels = [level for level in plan.levels if level_there(level)]
    for level in plan.levels:
        if level not in levels:
            print(f"{plan.name}: {level} is not there (0A000)")
    if not levels:
        server.stop()
        return []
    try:
        shared, did, final = run_load(server, plan, levels, seed, seconds)
        server.stop()
    except BaseException:
        if not oracle and server.process.poll() is None:
            server.kill()
        raise
    txns = sorted(shared.txns, key=lambda t: t.commit_end)
    kept = checker.to_json(txns, final)
    with open(os.path.join(WORK, "history.json"), "w", encoding="utf-8") as f:
        f.write(kept)
    found = shared.problems + checker.check(*checker.from_json(kept))
    bad = [f"{plan.name}: {name}: {text}"[:600] for name, text in found]
    for rule, wanted in plan.expect:
        names = {name.removesuffix("-realtime") for name, _ in checker.check(*checker.from_json(kept), rule)}
        if not names & wanted:
            bad.append(f"{plan.name}: checked as {rule} it shows none of {sorted(wanted)}, but {sorted(names)}")
    ok = sum(t.status == OK for t in txns)
    reads = sum(len(op.reads) for t in txns for op in t.ops)
    totals[0] += len(txns)
    totals[1] += reads
    totals[2] += sum(did.values())
    refused = sorted(shared.states.items(), key=lambda x: -x[1])
    told = "; ".join(f"{n} x {text}" for text, n in refused[:6])
    failed = sum(t.status == FAIL for t in txns)
    print(f"{plan.name}: seed {seed}, {len(txns)} transactions ({ok} committed, {failed} not), {reads} reads, {did or 'quiet'}")
    if told and os.environ.get("HISTORY_TELL"):
        print("  refused: " + told)
    return bad


def main():
    oracle = sys.argv[1:] == ["oracle"]
    long = bool(os.environ.get("CHECK_ALL"))
    seed = int(os.environ.get("HISTORY_SEED", str(time.time_ns() % 1000000000)))
    rounds = int(os.environ.get("HISTORY_ROUNDS", "6" if long else "1"))
    seconds = float(os.environ.get("HISTORY_SECONDS", "10" if long else "2"))
    only = os.environ.get("HISTORY_PLAN")
    passed, failed = test_checker.run()
    totals = [0, 0, 0]
    for number in range(rounds):
        for plan in PLANS + (LONG_PLANS if long else []):
            if only and only not in plan.name:
                continue
            if oracle and plan.settings:
                continue
            try:
                bad = run_plan(plan, seed + number, seconds * plan.seconds, totals, oracle)
            except (AssertionError, OSError, load.Failed, pgwire.Closed, subprocess.SubprocessError) as error:
                bad = [f"{plan.name}, seed {seed + number}: {type(error).__name__}: {error}"]
            for text in bad[:10]:
                print("FAILED " + text)
            failed += bad[:10]
            passed += not bad
            if bad and os.path.exists(os.path.join(WORK, "history.json")):
                shutil.copy(os.path.join(WORK, "history.json"), os.path.join(WORK, f"failed-{plan.name}.json".replace(" ", "-")))
    print(f"{totals[0]} transactions, {totals[1]} reads of keys, {totals[2]} acts of nemeses checked")
    print(f"{passed} passed, {len(failed)} failed")
    sys.exit(bool(failed))


main()
