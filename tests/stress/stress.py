"""Unique keys, exclusion constraints, foreign keys, indexes and DDL under load on the real server, with a pool of 16 pages.

Goal: what single transactions cannot show: a key twice, an orphan, an index that finds other rows than its table, the
rows of one table in another. Method: writers with few keys, so that they meet all the time, roll back, go back to a
savepoint and put deleted keys back; readers that hold snapshots for different times and ask the same question of the
table and of each index; a count of what was acknowledged. `dassie check` ends each run.

STRESS_SEED, STRESS_SECONDS, STRESS_ROUNDS choose another run.
"""

import ipaddress
import os
import random
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "history"))

import load
import pgwire

WORK = os.environ["STRESS_WORK"]
DASSIE = os.environ["DASSIE"]
FILE = os.path.join(WORK, "stress.db")
KEYS = 24
PARENTS = 8
TABLES = 3
# A row or key somebody else has, a deadlock, a snapshot too old for a change, a lock not free in time.
LAWFUL = {"23505", "23503", "23P01", "40001", "40P01", "55P03"}
# What a statement may find when a table or a column has just gone or come.
LAWFUL_DDL = LAWFUL | {"42P01", "42P07", "42703", "42701", "42704", "0A000", "55006"}

SCHEMA = (
    "CREATE TABLE u (id int PRIMARY KEY, k int NOT NULL UNIQUE, w int NOT NULL, pad text)",
    "CREATE INDEX u_w ON u (w, k)",
    "CREATE INDEX u_even ON u (k) WHERE k % 2 = 0",
    "CREATE TABLE parent (id int PRIMARY KEY, n int NOT NULL)",
    "CREATE TABLE kept (id int PRIMARY KEY, p int REFERENCES parent)",
    "CREATE TABLE gone (id int PRIMARY KEY, p int REFERENCES parent ON DELETE CASCADE)",
    "CREATE TABLE freed (id int PRIMARY KEY, p int REFERENCES parent ON DELETE SET NULL)",
    "CREATE INDEX kept_p ON kept (p)",
    "CREATE INDEX gone_p ON gone (p)",
    "CREATE INDEX freed_p ON freed (p)",
    "CREATE TABLE net (id int PRIMARY KEY, pool inet NOT NULL, c inet NOT NULL, pad text,"
    " EXCLUDE USING gist (pool inet_ops WITH =, c inet_ops WITH &&))",
    "CREATE TABLE lazy (id int PRIMARY KEY, pool inet NOT NULL, c inet NOT NULL, pad text,"
    " EXCLUDE USING gist (c inet_ops WITH &&, pool inet_ops WITH =) DEFERRABLE INITIALLY DEFERRED)",
)


class Run:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.stop = False
        self.problems = []
        self.done = {}  # what was done how often
        self.rows = 0  # rows of u by what was acknowledged

    def problem(self, text):
        with self.lock:
            self.problems.append(text)

    def count(self, what, n=1):
        with self.lock:
            self.done[what] = self.done.get(what, 0) + n


class Worker(threading.Thread):
    lawful = LAWFUL

    def __init__(self, run, number):
        super().__init__(name=f"{type(self).__name__} {number}")
        self.s, self.number = run, number
        self.r = random.Random(run.random.random())
        self.conn = None

    def run(self):
        try:
            self.conn = load.Client(extended=self.number % 2 == 1)
            while not self.s.stop:
                try:
                    self.step()
                    self.s.count(type(self).__name__)
                except load.Failed as error:
                    self.s.count(f"{type(self).__name__} {error.state}")
                    if error.state not in self.lawful:
                        self.s.problem(f"{self.name}: {error}")
                    self.conn.run("ROLLBACK")
        except (pgwire.Closed, OSError, load.Failed) as error:
            self.s.problem(f"{self.name}: {type(error).__name__} {error}")

    def ask(self, sql, *args):
        return self.conn.run(sql, *args)

    def affected(self, sql, *args):
        return int(self.ask(sql, *args)[1].split()[-1])

    def begin(self, levels=("READ COMMITTED", "READ COMMITTED", "REPEATABLE READ")):
        self.ask("BEGIN ISOLATION LEVEL " + self.r.choice(levels))


class Keys(Worker):
    """Inserts, deletes and moves keys there and back; the model is the number of rows."""

    def change(self):
        n, k, r = self.r.randrange(KEYS), self.r.randrange(KEYS), self.r.random()
        pad = "x" * self.r.choice((0, 10, 150))
        if r < 0.3:
            return self.affected("INSERT INTO u VALUES ($1, $2, $3, $4)", n, k, k % 5, pad)
        if r < 0.45:
            sql = "INSERT INTO u VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
            return self.affected(sql, n, k, k % 5, pad)
        if r < 0.7:
            return -self.affected("DELETE FROM u WHERE k = $1", k)
        if r < 0.85:
            self.ask("UPDATE u SET k = $1, w = $2, pad = $3 WHERE id = $4", k, k % 5, pad, n)
            return 0
        # There and back again within one transaction: the first entry's ghost is met by its successor.
        if self.affected("UPDATE u SET k = k + 100, w = w + 5 WHERE id = $1", n):
            self.ask("UPDATE u SET k = k - 100, w = w - 5 WHERE id = $1", n)
        return 0

    def step(self):
        self.begin()
        net = 0
        for _ in range(self.r.randint(1, 4)):
            if self.r.random() < 0.3:
                self.ask("SAVEPOINT a")
                try:
                    inner = self.change()
                    keep = self.r.random() < 0.5
                except load.Failed as error:
                    if error.state != "23505":
                        raise
                    inner, keep = 0, False
                self.ask("RELEASE a" if keep else "ROLLBACK TO a")
                net += inner if keep else 0
            else:
                net += self.change()
        if self.r.random() < 0.2:
            self.ask("ROLLBACK")
        elif self.ask("COMMIT")[1] == "COMMIT":
            with self.s.lock:
                self.s.rows += net


class Reader(Worker):
    """One snapshot, asked several times: the table and its indexes agree, and nothing moves."""

    def look(self):
        whole = sorted(self.ask("SELECT id, k, w FROM u")[0])
        by_id = sorted(row for n in range(KEYS) for row in self.ask("SELECT id, k, w FROM u WHERE id = $1", n)[0])
        by_k = sorted(self.ask("SELECT id, k, w FROM u WHERE k BETWEEN 0 AND 200")[0])
        by_w = sorted(row for n in range(10) for row in self.ask("SELECT id, k, w FROM u WHERE w = $1", n)[0])
        even = sorted(self.ask("SELECT id, k, w FROM u WHERE k % 2 = 0 AND k >= 0")[0])
        return whole, by_id, by_k, by_w, even

    def step(self):
        self.begin(("REPEATABLE READ",))
        first = None
        for _ in range(self.r.choice((1, 2, 5))):
            whole, by_id, by_k, by_w, even = self.look()
            first = first or whole
            for name, rows in (("id", by_id), ("k", by_k), ("w", by_w), ("an earlier look", first)):
                if rows != whole:
                    odd = [x for x in whole if x not in rows] + [x for x in rows if x not in whole]
                    self.s.problem(f"{self.name}: by {name}: {len(rows)} rows of {len(whole)}: {odd[:4]}")
            if even != [row for row in whole if int(row[1]) % 2 == 0]:
                self.s.problem(f"{self.name}: the partial index differs: {even}")
            for row in whole:
                if int(row[2]) != (int(row[1]) % 100) % 5 + (5 if int(row[1]) >= 100 else 0):
                    self.s.problem(f"{self.name}: a row that was never written: {row}")
            if len({row[1] for row in whole}) != len(whole):
                self.s.problem(f"{self.name}: a key twice: {whole}")
            time.sleep(self.r.choice((0, 0.01, 0.05)))
        self.ask("COMMIT")


class Networks(Worker):
    """Networks that contain each other, in two tables: their constraints look at once, or at COMMIT."""

    def network(self):
        bits = self.r.choice((29, 30, 31, 32))
        return f"10.0.0.{self.r.randrange(16) >> (32 - bits) << (32 - bits)}/{bits}"

    def change(self):
        n, r = self.r.randrange(12), self.r.random()
        t = self.r.choice(("net", "net", "lazy"))
        row = (n, f"1.1.1.{self.r.randrange(2)}", self.network(), "x" * self.r.choice((0, 300)))
        if r < 0.3:
            self.ask(f"INSERT INTO {t} VALUES ($1, $2, $3, $4)", *row)
        elif r < 0.45:
            self.ask("INSERT INTO net VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", *row)
        elif r < 0.65:
            self.ask(f"DELETE FROM {t} WHERE id = $1", n)
        elif r < 0.85:
            self.ask(f"UPDATE {t} SET pool = $1, c = $2, pad = $3 WHERE id = $4", *row[1:], n)
        elif self.affected(f"UPDATE {t} SET pool = '9.9.9.9' WHERE id = $1 AND pool = '1.1.1.1'", n):
            self.ask(f"UPDATE {t} SET pool = '1.1.1.1' WHERE id = $1", n)

    def step(self):
        self.begin()
        for _ in range(self.r.randint(1, 4)):
            if self.r.random() < 0.4:
                self.ask("SAVEPOINT a")
                try:
                    self.change()
                    keep = self.r.random() < 0.5
                except load.Failed as error:
                    if error.state not in ("23505", "23P01"):
                        raise
                    keep = False
                self.ask("RELEASE a" if keep else "ROLLBACK TO a")
            else:
                self.change()
        self.ask("ROLLBACK" if self.r.random() < 0.2 else "COMMIT")


class Overlaps(Worker):
    def step(self):
        for table in ("net", "lazy"):
            rows, _ = self.ask(f"SELECT id, pool, c FROM {table} ORDER BY id")
            for i, (one, pool, c) in enumerate(rows):
                for two, other_pool, d in rows[i + 1 :]:
                    if pool == other_pool and ipaddress.ip_network(c).overlaps(ipaddress.ip_network(d)):
                        self.s.problem(f"{self.name}: {table} has {one} {c} and {two} {d}")
        time.sleep(0.005)


class Family(Worker):
    """Parents and children come and go; no child may be without its parent in any snapshot."""

    def step(self):
        self.begin()
        for _ in range(self.r.randint(1, 3)):
            self.change()
        self.ask("ROLLBACK" if self.r.random() < 0.2 else "COMMIT")

    def change(self):
        p, n, r = self.r.randrange(PARENTS), self.r.randrange(30), self.r.random()
        table = self.r.choice(("kept", "gone", "freed"))
        if r < 0.25:
            self.ask("INSERT INTO parent VALUES ($1, 0) ON CONFLICT (id) DO UPDATE SET n = parent.n + 1", p)
        elif r < 0.4:
            self.ask("DELETE FROM parent WHERE id = $1", p)
        elif r < 0.45:
            self.ask("UPDATE parent SET id = $1 WHERE id = $2", self.r.randrange(PARENTS), p)
        elif r < 0.75:
            self.ask(f"INSERT INTO {table} VALUES ($1, $2) ON CONFLICT DO NOTHING", n, p)
        elif r < 0.9:
            self.ask(f"UPDATE {table} SET p = $1 WHERE id = $2", p, n)
        else:
            self.ask(f"DELETE FROM {table} WHERE id = $1", n)


class Orphans(Worker):
    def step(self):
        for table in ("kept", "gone", "freed"):
            rows, _ = self.ask(
                f"SELECT c.id, c.p FROM {table} c LEFT JOIN parent p ON p.id = c.p"
                " WHERE c.p IS NOT NULL AND p.id IS NULL"
            )
            if rows:
                self.s.problem(f"{self.name}: {table} has children without a parent: {rows}")
        time.sleep(0.01)


class Users(Worker):
    """Reads and writes tables that others alter; each row names its table."""

    lawful = LAWFUL_DDL

    def step(self):
        t = self.r.randrange(TABLES)
        r = self.r.random()
        if r < 0.1:
            self.begin(("REPEATABLE READ",))
            rows, _ = self.ask(f"SELECT a, tag FROM d{t}")
            time.sleep(self.r.choice((0, 0.02)))
            again, _ = self.ask(f"SELECT a, tag FROM d{t}")
            if sorted(rows) != sorted(again) and again:  # a truncated or new table shows nothing
                self.s.problem(f"{self.name}: d{t} moved in one snapshot: {len(rows)} rows, then {len(again)}")
            self.ask("COMMIT")
        elif r < 0.4:
            rows, _ = self.ask(f"SELECT a, tag FROM d{t}" + self.r.choice(("", f" WHERE a = {self.r.randrange(100)}")))
        elif r < 0.7:
            rows = []
            self.ask(f"INSERT INTO d{t} (a, tag) VALUES ($1, $2)", self.r.randrange(100), f"d{t}" + "x" * 100)
        elif r < 0.85:
            rows = []
            self.ask(f"UPDATE d{t} SET a = a + 1 WHERE a = $1", self.r.randrange(100))
        else:
            rows = []
            self.ask(f"DELETE FROM d{t} WHERE a = $1", self.r.randrange(100))
        for row in rows:
            if not row[1].startswith(f"d{t}x"):
                self.s.problem(f"{self.name}: d{t} shows {row}")


class Builder(Worker):
    """DDL of all kinds, a third of it rolled back."""

    lawful = LAWFUL_DDL

    def step(self):
        t = self.r.randrange(TABLES)
        make = f"CREATE TABLE d{t} (a int, tag text NOT NULL)"
        statements = self.r.choice(
            (
                (make,),
                (f"DROP TABLE d{t}", make),
                (f"DROP TABLE d{t}", make, f"INSERT INTO d{t} SELECT g, 'd{t}' || repeat('x', 90) FROM generate_series(1, 60) g"),
                (f"TRUNCATE d{t}",),
                (f"CREATE INDEX d{t}_a ON d{t} (a)",),
                (f"DROP INDEX d{t}_a",),
                (f"ALTER TABLE d{t} ADD COLUMN more int DEFAULT 7",),
                (f"ALTER TABLE d{t} DROP COLUMN more",),
                (f"ALTER TABLE d{t} ALTER COLUMN a TYPE bigint", f"ALTER TABLE d{t} ALTER COLUMN a TYPE int"),
            )
        )
        self.ask("BEGIN")
        for sql in statements:
            self.ask(sql)
        self.ask("ROLLBACK" if self.r.random() < 0.3 else "COMMIT")
        time.sleep(self.r.choice((0, 0.005, 0.02)))


class Checkpoints(Worker):
    def step(self):
        self.ask("CHECKPOINT")
        time.sleep(0.15)


SCENES = {
    "unique keys and indexes": [Keys] * 6 + [Reader] * 2 + [Checkpoints],
    "exclusion constraints": [Networks] * 6 + [Overlaps] * 2 + [Checkpoints],
    "foreign keys": [Family] * 6 + [Orphans] * 2 + [Checkpoints],
    "DDL beside statements": [Users] * 5 + [Builder] * 3 + [Checkpoints],
}


def serve():
    for name in os.listdir(WORK):
        if name.startswith("stress.db"):
            path = os.path.join(WORK, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    log = open(os.path.join(WORK, "server.log"), "ab")
    server = subprocess.Popen(
        [DASSIE, "serve", FILE, "--listen", "none", "--socket-dir", WORK, "--set", "shared_buffers=128kB"],
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
    )
    end = time.monotonic() + 30
    while True:
        try:
            conn = load.Client()
            break
        except (OSError, pgwire.Closed):
            if server.poll() is not None or time.monotonic() > end:
                raise AssertionError("the server does not come up") from None
            time.sleep(0.02)
    for sql in SCHEMA:
        conn.run(sql)
    conn.close()
    return server


def run_scene(name, kinds, seed, seconds):
    """Returns the texts of what was wrong."""
    server = serve()
    run = Run(seed)
    workers = [kind(run, n) for n, kind in enumerate(kinds)]
    for worker in workers:
        worker.start()
    time.sleep(seconds)
    run.stop = True
    for worker in workers:
        worker.join(40)
    if any(worker.is_alive() for worker in workers):
        run.problem("a client hangs: " + ", ".join(w.name for w in workers if w.is_alive()))
    elif server.poll() is None:
        conn = load.Client()
        ((rows,),) = conn.run("SELECT count(*) FROM u")[0]
        if int(rows) != run.rows:
            run.problem(f"u has {rows} rows, {run.rows} were acknowledged")
        conn.close()
    if server.poll() is None:
        server.terminate()
    try:
        if server.wait(60) != 0:
            run.problem(f"the server ended with {server.returncode}")
    except subprocess.TimeoutExpired:
        server.kill()
        run.problem("the server does not end")
    check = subprocess.run([DASSIE, "check", FILE], capture_output=True, text=True, check=False)
    if check.returncode != 0:
        run.problem("dassie check: " + (check.stdout + check.stderr)[-1500:])
    print(f"{name}: seed {seed}, " + ", ".join(f"{n} {what}" for what, n in sorted(run.done.items())))
    return run.problems


def main():
    long = bool(os.environ.get("CHECK_ALL"))
    seed = int(os.environ.get("STRESS_SEED", str(time.time_ns() % 1000000000)))
    seconds = float(os.environ.get("STRESS_SECONDS", "20" if long else "4"))
    only = os.environ.get("STRESS_SCENE", "")
    rounds = int(os.environ.get("STRESS_ROUNDS", "6" if long else "1"))
    passed, failed = 0, 0
    for number in range(rounds):
        for name, kinds in SCENES.items():
            if only not in name:
                continue
            problems = run_scene(name, kinds, seed + number, seconds)
            for text in problems[:8]:
                print(f"FAILED {name}: {text}"[:500])
            passed += not problems
            failed += bool(problems)
    print(f"{passed} passed, {failed} failed")
    sys.exit(bool(failed))


main()
