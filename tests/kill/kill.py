"""kill -9 under load: whatever was acknowledged is there after the restart, and nothing is half done.

Goal: durability and atomicity of the real server on a real disk, which the simulated one cannot show.
Method: pgbench's TPC-B script and writers of numbered rows run against a server that is killed at a random moment,
round after round on the same file. After each restart the sums of TPC-B must agree, every acknowledged number must
be there, and no more than one number per writer that was not acknowledged (it was under way). Every other round
`dassie check` is the one that recovers. Some rounds kill the server again while it recovers.

KILL_ROUNDS and KILL_SEED choose another run.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import psycopg2

DASSIE = os.environ["DASSIE"]
WORK = os.environ["KILL_WORK"]
FILE = os.path.join(WORK, "kill.db")
PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"
WRITERS = 4
INVARIANT = """SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers),
    (SELECT sum(bbalance) FROM pgbench_branches), (SELECT coalesce(sum(delta), 0) FROM pgbench_history)"""


class Server:
    def __init__(self):
        self.log = open(os.path.join(WORK, "server.log"), "ab")
        self.process = None

    def start(self, wait=True):
        self.process = subprocess.Popen(
            [DASSIE, "serve", FILE, "--listen", "none", "--socket-dir", WORK, "--set", "shared_buffers=32MB"],
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
        )
        if not wait:
            return
        end = time.monotonic() + 60
        while True:
            try:
                connect().close()
                return
            except psycopg2.OperationalError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise AssertionError(f"the server does not come up (exit code {self.process.poll()})")
                time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def kill_worker(self):
        """Only the process that serves: the supervisor starts another."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
            worker = int(f.read().split()[0])
        os.kill(worker, signal.SIGKILL)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def connect():
    return psycopg2.connect(host=WORK, user="postgres", dbname="postgres")


class Writer(threading.Thread):
    """Commits numbers one after the other; in groups, so that transactions have several rows."""

    def __init__(self, number, first):
        super().__init__()
        self.number = number
        self.next = first
        self.acknowledged = first - 1

    def run(self):
        try:
            conn = connect()
            with conn.cursor() as cursor:
                while True:
                    count = 1 + self.next % 3
                    for n in range(self.next, self.next + count):
                        cursor.execute("INSERT INTO numbers VALUES (%s, %s, %s)", (self.number, n, "x" * (n % 500)))
                    cursor.execute("UPDATE latest SET n = %s WHERE writer = %s", (self.next + count - 1, self.number))
                    conn.commit()
                    self.next += count
                    self.acknowledged = self.next - 1
        except psycopg2.Error:
            pass


def check_file():
    done = subprocess.run([DASSIE, "check", FILE], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError("dassie check: " + done.stdout[-2000:] + done.stderr[-2000:])


def verify(conn, writers):
    with conn.cursor() as cursor:
        cursor.execute(INVARIANT)
        sums = cursor.fetchone()
        if len(set(sums)) != 1:
            raise AssertionError(f"the sums of TPC-B differ: {sums}")
        for w in writers:
            cursor.execute("SELECT count(*), coalesce(max(n), 0) FROM numbers WHERE writer = %s", (w.number,))
            count, last = cursor.fetchone()
            cursor.execute("SELECT n FROM latest WHERE writer = %s", (w.number,))
            (latest,) = cursor.fetchone()
            one_more = w.next + w.next % 3  # last number of the transaction under way
            if count != last or last != latest or last not in (w.acknowledged, one_more):
                raise AssertionError(
                    f"writer {w.number}: {w.acknowledged} acknowledged, {count} rows, last {last}, latest {latest}"
                )
            w.acknowledged = last
    conn.commit()


def setup(server):
    server.start()
    subprocess.run(
        [PGBENCH, "-i", "-s", "2", "-q", "-h", WORK, "-U", "postgres", "postgres"], check=True, capture_output=True
    )
    conn = connect()
    with conn.cursor() as cursor:
        cursor.execute("CREATE TABLE numbers (writer int, n bigint, filler text, PRIMARY KEY (writer, n))")
        cursor.execute("CREATE TABLE latest (writer int PRIMARY KEY, n bigint)")
        for n in range(WRITERS):
            cursor.execute("INSERT INTO latest VALUES (%s, 0)", (n,))
    conn.commit()
    conn.close()


def load_until_kill(server, writers, r):
    mode = r.choice(("simple", "extended", "prepared"))
    bench = subprocess.Popen(
        [PGBENCH, "-n", "-c", "8", "-j", "2", "-M", mode, "-T", "60", "-h", WORK, "-U", "postgres", "postgres"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for w in writers:
        w.start()
    time.sleep(r.uniform(0.2, 1.6))
    if r.randrange(3) == 0:
        conn = connect()
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute("CHECKPOINT")
        conn.close()
    by_supervisor = r.randrange(2) == 0
    if by_supervisor:
        server.kill_worker()
    else:
        server.kill()
    bench.wait(60)
    for w in writers:
        w.join(60)
    if by_supervisor:
        time.sleep(r.uniform(0.0, 0.3))
        server.kill()  # perhaps while it recovers


def round_of(server, number, writers, r):
    load_until_kill(server, writers, r)
    for _ in range(r.choice((0, 0, 1, 2))):
        server.start(wait=False)
        time.sleep(r.uniform(0.0, 0.15))
        server.kill()
    if number % 2:
        check_file()
    started = time.monotonic()
    server.start()
    seconds = time.monotonic() - started
    conn = connect()
    verify(conn, writers)
    conn.close()
    total = sum(w.acknowledged for w in writers)
    print(f"round {number}: up again after {seconds:.2f} s, {total} numbers")


def main():
    rounds = int(os.environ.get("KILL_ROUNDS", "60" if os.environ.get("CHECK_ALL") else "6"))
    seed = int(os.environ.get("KILL_SEED", str(time.time_ns())))
    print(f"seed {seed}")
    r = random.Random(seed)
    server = Server()
    done = 0
    problem = None
    try:
        setup(server)
        writers = [Writer(n, 1) for n in range(WRITERS)]
        for number in range(rounds):
            round_of(server, number, writers, r)
            writers = [Writer(w.number, w.acknowledged + 1) for w in writers]
            done += 1
        if server.stop() != 0:
            problem = "the server did not end cleanly"
        check_file()
    except (AssertionError, subprocess.SubprocessError, psycopg2.Error) as error:
        problem = f"{type(error).__name__}: {error}"
    if server.process is not None and server.process.poll() is None:
        server.kill()
    if problem:
        print("FAILED " + problem)
    print(f"{done} passed, {1 if problem else 0} failed")
    sys.exit(problem is not None)


main()
