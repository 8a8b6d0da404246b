"""A deterministic fuzzer of the protocol: well-formed messages in wrong places, bent ones, and bytes of no kind.

A seed makes the same bytes on every run. Every connection must end or go on answering; the server must never die,
stall, or lose another connection. WIRE_SEED and WIRE_FUZZ_SECONDS choose another run; CHECK_ALL=1 goes on from a
seed of the clock.
"""

import os
import random
import struct
import sys
import time

import pgwire as w

STEPS = 50000

SQL = (
    "SELECT 1",
    "SELECT $1::int4 + $2::int8",
    "SELECT $1::text, $2::numeric, $3::timestamptz, $4::bytea",
    "SELECT n, repeat('x', n) FROM generate_series(1, 50) n",
    "INSERT INTO fuzz VALUES ($1, $2)",
    "INSERT INTO fuzz VALUES (1, 'a'), (2, 'b') RETURNING a, b",
    "UPDATE fuzz SET b = $1 WHERE a = 1",
    "DELETE FROM fuzz",
    "SELECT * FROM fuzz ORDER BY a LIMIT 10",
    "SELECT 1/0",
    "SELECT nosuch",
    "SELEC",
    "",
    ";",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT a",
    "ROLLBACK TO a",
    "RELEASE a",
    "SET work_mem = '1MB'",
    "SHOW work_mem",
    "SET application_name = 'fuzz'",
    "COPY fuzz FROM STDIN",
    "COPY fuzz TO STDOUT",
    "COPY (SELECT 1) TO STDOUT",
    "PREPARE p AS SELECT $1::int",
    "EXECUTE p(1)",
    "DEALLOCATE ALL",
    "DISCARD ALL",
    "BEGIN; SELECT 1; COMMIT",
    "SELECT 1; SELECT 2; SELECT 3",
    "SELECT '\N{LATIN SMALL LETTER E WITH ACUTE}', $1",
    "EXPLAIN SELECT * FROM fuzz",
    "CREATE TABLE fuzz2 (a int); DROP TABLE fuzz2",
)
NAMES = ("", "", "", "a", "b", "s1")
TYPES = (0, 0, 16, 20, 21, 23, 25, 17, 700, 701, 1700, 1082, 1114, 1184, 1186, 2950, 114, 705, 2278, 999999)


class Fuzzer:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.conn = None
        self.sent = 0

    # ---- messages ----

    def value(self):
        r = self.r
        return r.choice(
            (
                None,
                b"",
                b"1",
                b"-7",
                b"text",
                b"1.5",
                b"2024-01-01",
                b"\\xff",
                b"{}",
                b"\xff\xfe",
                b"\0",
                struct.pack(">i", r.randrange(-5, 100000)),
                struct.pack(">q", r.randrange(-5, 1 << 60)),
                r.randbytes(r.randrange(0, 40)),
            )
        )

    def formats(self):
        r = self.r
        return [r.choice((0, 1, 1, 2, -1)) for _ in range(r.choice((0, 0, 1, 1, 2, 4)))]

    def good(self):
        """A message that a driver might send, here or elsewhere."""
        r = self.r
        kind = r.choice("QQPPPBBBBBDDEEEEECSSSSHdcfF")
        if kind == "Q":
            return w.query(r.choice(SQL))
        if kind == "P":
            return w.parse(r.choice(NAMES), r.choice(SQL), [r.choice(TYPES) for _ in range(r.choice((0, 0, 0, 1, 2)))])
        if kind == "B":
            params = [self.value() for _ in range(r.choice((0, 0, 1, 2, 2, 4)))]
            return w.bind(r.choice(NAMES), r.choice(NAMES), params, self.formats(), self.formats())
        if kind in "DC":
            return w.message(kind, r.choice("SP").encode() + w.cstr(r.choice(NAMES)))
        if kind == "E":
            return w.execute(r.choice(NAMES), r.choice((0, 0, 1, 2, 7, -1)))
        if kind == "d":
            return w.message("d", r.choice((b"1\tx\n", b"2\t\\N\n", b"x\n", b"\\.\n", b"3\tno end", r.randbytes(9))))
        if kind == "f":
            return w.message("f", w.cstr("gave up"))
        if kind == "F":
            return w.message("F", w.i32(r.randrange(3000)) + r.randbytes(r.randrange(8)))
        return w.message(kind)

    def bent(self, data):
        """The same with some bytes changed; most keep their length, so that the stream goes on."""
        r = self.r
        data = bytearray(data)
        how = r.randrange(6)
        body = range(5, len(data))
        if how <= 2 and len(body):
            for _ in range(r.choice((1, 1, 2, 5))):
                data[r.choice(body)] = r.randrange(256)
        elif how == 3 and len(body):  # cut the body, with its length
            keep = r.randrange(len(body))
            data = data[: 5 + keep]
            data[1:5] = w.i32(4 + keep)
        elif how == 4:  # more body
            data += r.randbytes(r.randrange(1, 9))
            data[1:5] = w.i32(len(data) - 1)
        else:
            data[0] = ord(r.choice("QPBDECSHdcfFX"))
        return bytes(data)

    def wild(self):
        """Bytes that end a connection: impossible types, lengths, noise."""
        r = self.r
        return r.choice(
            (
                r.randbytes(r.randrange(1, 60)),
                bytes((r.randrange(256),)) + struct.pack(">I", r.randrange(1 << 32)),
                b"Q" + w.i32(r.choice((-1, 0, 3, 1 << 30, 0x7FFFFFFF))),
                w.startup((("user", "postgres"),)),
                w.query("SELECT 1")[: r.randrange(1, 9)],
            )
        )

    # ---- connections ----

    def connect(self):
        self.conn = w.Conn()
        if self.conn.login()[-1][0] != "Z":
            raise AssertionError("a new connection is refused")

    def drop(self):
        self.conn.close()
        self.conn = None

    def settle(self):
        """End whatever is open; the server must answer, or have closed."""
        # CopyFail ends a copy, and is ignored elsewhere; Sync ends an extended block.
        self.conn.send(w.message("f", b"end\0") + w.SYNC + w.query("ROLLBACK") + w.query("SELECT 'settled'"))
        while True:
            kind, body = self.conn.read_until("DE")[-1]
            if kind == "closed":
                self.drop()
                return
            if kind == "D" and body.endswith(b"settled"):
                self.conn.read_until("Z")
                return

    def step(self):
        r = self.r
        if self.conn is None:
            self.connect()
        n = r.randrange(100)
        if n < 3:
            self.conn.send(self.wild())
            self.drop_after_wild()
            return
        data = b"".join(
            self.bent(self.good()) if r.randrange(5) == 0 else self.good() for _ in range(r.choice((1, 1, 2, 4, 12)))
        )
        self.sent += 1
        self.conn.send(data)
        if n < 6:
            self.drop()
        elif n < 40:
            self.settle()

    def drop_after_wild(self):
        """The stream may be out of step: the client ends it, the server must notice."""
        import socket

        try:
            self.conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.conn.ended()
        self.drop()

    def startup_step(self):
        """Noise in place of a startup packet."""
        import socket

        r = self.r
        data = bytearray(w.startup((("user", "postgres"), ("database", "postgres"), ("options", "-c work_mem=1MB"))))
        for _ in range(r.choice((1, 2, 8))):
            data[r.randrange(len(data))] = r.randrange(256)
        conn = w.Conn()
        conn.send(bytes(data))
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        conn.ended()
        conn.close()


def run(seed, seconds):
    fuzzer = Fuzzer(seed)
    started = time.monotonic()
    steps = 0
    try:
        while time.monotonic() - started < seconds and (steps < STEPS or os.environ.get("CHECK_ALL")):
            steps += 1
            if fuzzer.r.randrange(25) == 0:
                fuzzer.startup_step()
            else:
                fuzzer.step()
        if fuzzer.conn is not None:
            fuzzer.settle()
    except (w.Closed, TimeoutError, OSError, AssertionError) as error:
        print(f"FAILED seed {seed}, step {steps}: {type(error).__name__} {error}")
        return False
    print(f"seed {seed}: {steps} steps in {time.monotonic() - started:.1f} s")
    return True


def main():
    long = bool(os.environ.get("CHECK_ALL"))
    seed = int(os.environ.get("WIRE_SEED", str(time.time_ns() if long else 1)))
    seconds = float(os.environ.get("WIRE_FUZZ_SECONDS", "60" if long else "15"))
    watcher = w.Conn()
    watcher.login()
    watcher.ask(w.query("DROP TABLE IF EXISTS fuzz; CREATE TABLE fuzz (a int, b text)"))
    watcher.ask(w.query("BEGIN"))
    good = run(seed, seconds)
    good = watcher.ask(w.query("SELECT 1"))[-1] == ("Z", b"T") and good
    watcher.ask(w.query("COMMIT"))
    watcher.close()
    print("1 passed, 0 failed" if good else "0 passed, 1 failed")
    sys.exit(not good)


main()
