"""Run isolation specs: named steps of several sessions in given orders, with what blocks shown as waiting.

Usage: iso.py record SPEC     print what the server (PostgreSQL) answers; blocking is asked of pg_blocking_pids
       iso.py compare SPEC EXPECTED     print what the server (dassie) answers; EXPECTED says which steps wait
README.md has the language. WIRE_SOCKET_DIR and WIRE_PORT say where the server is.
"""

import os
import re
import select
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))

import pgwire as w

ANSWER_SECONDS = 20.0  # an answer that must come
QUIET_SECONDS = 0.01  # an answer that is late by this much: ask whether the session waits for another
EXTENDED = os.environ.get("ISO_PROTOCOL") == "extended"  # steps of one statement by Parse, Bind, Execute
DEADLOCK_SECONDS = 0.15  # longer than the oracle's deadlock_timeout


def row_text(body):
    (count,) = struct.unpack(">h", body[:2])
    at, values = 2, []
    for _ in range(count):
        (length,) = struct.unpack(">i", body[at : at + 4])
        at += 4
        values.append("NULL" if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return "|".join(values)


def answer_lines(messages):
    lines = []
    for kind, body in messages:
        if kind == "D":
            lines.append("  " + row_text(body))
        elif kind == "C":
            lines.append(body[:-1].decode())
        elif kind in "EN":
            fields = w.error_fields(body)
            lines.append(f"{fields['V']} {fields['C']}: {fields['M']}")
            if fields["C"] == "40001" and "D" in fields:
                lines.append("  " + re.sub("[0-9]+", "N", fields["D"]))  # numbers of transactions
        elif kind == "closed":
            lines.append("closed")
    return lines


class Session:
    def __init__(self):
        self.conn = w.Conn()
        self.conn.login()
        self.step = None  # the step that waits
        self.got = []

    def send(self, step, sql):
        self.step = step
        self.got = []
        if EXTENDED and ";" not in sql.strip().rstrip(";"):
            self.conn.send(w.parse("", sql) + w.bind("", "") + w.execute() + w.SYNC)
        else:
            self.conn.send(w.query(sql))

    def answered(self, seconds):
        """Has the whole answer come within this time?"""
        end = time.monotonic() + seconds
        while True:
            while len(self.conn.buffer) >= 5:
                (length,) = struct.unpack(">I", self.conn.buffer[1:5])
                if len(self.conn.buffer) < length + 1:
                    break
                self.got.append(self.conn.read())
                if self.got[-1][0] == "Z":
                    return True
            left = end - time.monotonic()
            ready, _, _ = select.select([self.conn.sock], [], [], max(left, 0))
            if not ready:
                return False
            data = self.conn.sock.recv(65536)
            if not data:
                self.got.append(("closed", b""))
                return True
            self.conn.buffer += data


class Spec:
    def __init__(self, path):
        self.setup, self.teardown, self.steps, self.orders = [], [], {}, []
        with open(path, encoding="utf-8") as f:
            for line in f:
                verb, _, rest = line.strip().partition(" ")
                rest = rest.strip()
                if verb == "setup":
                    self.setup.append(rest)
                elif verb == "teardown":
                    self.teardown.append(rest)
                elif verb == "step":
                    name, _, sql = rest.partition(" ")
                    self.steps[name] = sql.strip()
                elif verb == "order":
                    self.orders.append(rest.split())
                elif verb and not verb.startswith("#"):
                    raise ValueError(f"what is: {line}")


class Runner:
    def __init__(self, spec, expected):
        self.spec = spec
        self.expected = expected  # lines of the recorded output, None when recording
        self.at = 0
        self.control = Session()

    def say(self, text):
        print(text)
        self.at += 1

    def control_run(self, statements):
        for sql in statements:
            self.control.send("control", sql)
            if not self.control.answered(ANSWER_SECONDS):
                raise TimeoutError(sql)
            for line in answer_lines(self.control.got):
                if line.startswith(("ERROR", "FATAL")):
                    self.say(f"control: {line}")

    def blocked(self, session):
        pid = session.conn.pid
        ask = f"cardinality(pg_blocking_pids({pid})) + cardinality(pg_safe_snapshot_blocking_pids({pid}))"
        self.control.send("control", "SELECT " + ask)
        self.control.answered(ANSWER_SECONDS)
        return answer_lines(self.control.got)[0].strip() != "0"

    def settle_recording(self, session):
        """Wait until the session has answered, or is blocked for longer than a deadlock would be found."""
        end = time.monotonic() + ANSWER_SECONDS
        since = None
        while time.monotonic() < end:
            if session.answered(0.01):
                return True
            if self.blocked(session):
                since = since or time.monotonic()
                if time.monotonic() - since > DEADLOCK_SECONDS:
                    return False
            else:
                since = None
        return False

    def settle_waiting(self, session):
        """Wait until the session has answered, or the server says that it waits for another one."""
        end = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < end:
            if session.answered(QUIET_SECONDS):
                return True
            if self.blocked(session):
                return session.answered(0)
        return False

    def next_expected(self, text):
        """Does the recorded output say this next?"""
        return self.at < len(self.expected) and self.expected[self.at].startswith(text)

    def done(self, session):
        """Has the step of this session been answered? Takes the time that the expected result asks for."""
        if self.expected is None:
            return self.settle_recording(session)
        if self.next_expected(session.step + ": waiting"):
            return self.settle_waiting(session)
        return session.answered(ANSWER_SECONDS)

    def report(self, session):
        for line in answer_lines(session.got) or ["(nothing)"]:
            self.say(f"{session.step}: {line}")
        session.step = None

    def others(self, sessions):
        """After a step: report those that were waiting and are not any more, in the order of their names."""
        progress = True
        while progress:
            progress = False
            for name in sorted(sessions):
                session = sessions[name]
                if session.step is None:
                    continue
                if self.expected is None:
                    done = self.settle_recording(session)
                elif self.next_expected(session.step + ": "):
                    done = session.answered(ANSWER_SECONDS)
                else:
                    done = session.answered(0)
                if done:
                    self.report(session)
                    progress = True

    def order(self, names):
        self.control_run(self.spec.setup)
        sessions = {}
        title = "order " + " ".join(names)
        if self.expected is not None and title in self.expected:
            self.at = self.expected.index(title)  # what differed in the order before ends with it
        self.say(title)
        for name in names:
            session = sessions.setdefault(name[:2], None) or Session()
            sessions[name[:2]] = session
            if session.step is not None and not session.answered(ANSWER_SECONDS):
                self.say(f"{name}: the session still waits")
                break
            if session.step is not None:
                self.report(session)
            session.send(name, self.spec.steps[name])
            if self.done(session):
                self.report(session)
            else:
                self.say(f"{name}: waiting")
            self.others(sessions)
        for session in sessions.values():
            session.conn.close()
        time.sleep(0.02 if self.expected is None else 0)
        self.control_run(self.spec.teardown)
        self.say("")


def main():
    spec = Spec(sys.argv[2])
    expected = None
    if sys.argv[1] == "compare":
        with open(sys.argv[3], encoding="utf-8") as f:
            expected = f.read().split("\n")
    runner = Runner(spec, expected)
    for names in spec.orders:
        runner.order(names)


main()
