"""Clients that run random transactions on lists and registers and write down what they saw.

Tables: `la` (lists as int[]), `lt` (lists as text), `reg` (registers: value, its number, the value before). A list is
appended to by UPDATE, by INSERT ... ON CONFLICT DO UPDATE, by a client that read it under a row lock, by DELETE and
INSERT. It is read by primary key, by range, by two secondary indexes, one of which (m) follows the last element, so
that every append moves the row in it. Keys live in blocks: g and m name a block, so an index read brings the rows
that are in use and not all that ever were.
"""

import os
import random
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))

import pgwire as w
from checker import FAIL, GROUPS, INFO, OK, RC, RR, SER, Op, Txn

BLOCK = 8  # keys of a block, all in use at the same time
LIST_MAX = 40  # elements of a list, about; then the next block is begun

SCHEMA = (
    "CREATE TABLE la (k int PRIMARY KEY, g int NOT NULL, m int NOT NULL, v int[] NOT NULL)",
    "CREATE INDEX la_g ON la (g)",
    "CREATE INDEX la_m ON la (m)",
    "CREATE TABLE lt (k int PRIMARY KEY, g int NOT NULL, m int NOT NULL, v text NOT NULL)",
    "CREATE INDEX lt_g ON lt (g)",
    "CREATE INDEX lt_m ON lt (m)",
    "CREATE TABLE reg (k int PRIMARY KEY, g int NOT NULL, val int NOT NULL, same int NOT NULL, n int NOT NULL, prev int)",
    "CREATE INDEX reg_g ON reg (g)",
)


class Failed(Exception):
    """The server refused a statement."""

    def __init__(self, state, text):
        super().__init__(f"{state} {text}")
        self.state = state


class Client(w.Conn):
    """A connection that sends a statement as one message or as Parse, Bind, Execute of a prepared one."""

    def __init__(self, extended=False, timeout=30):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self.sock.connect(f"{os.environ['WIRE_SOCKET_DIR']}/.s.PGSQL.{os.environ['WIRE_PORT']}")
        self.buffer = b""
        self.pid = self.key = 0
        self.extended, self.names, self.made = extended, {}, 0
        if not any(kind == "Z" for kind, _ in self.login()):
            raise w.Closed()

    def run(self, sql, *args):
        """(rows of texts, command tag). $n in the text stands for an argument."""
        if not self.extended or not args:
            for i in range(len(args), 0, -1):
                a = args[i - 1]
                sql = sql.replace(f"${i}", str(a) if isinstance(a, int) else f"'{a}'")
            data = w.query(sql)
        else:
            name = self.names.get(sql)
            data = b""
            if name is None:
                self.made += 1
                name = self.names[sql] = f"s{self.made}"
                data = w.parse(name, sql)
            data += w.bind("", name, [str(a).encode() for a in args]) + w.execute() + w.SYNC
        if not self.send(data):
            raise w.Closed()
        rows, tag, error = [], "", None
        while True:
            kind, body = self.read()
            if kind == "D":
                rows.append(row(body))
            elif kind == "C":
                tag = body[:-1].decode()
            elif kind == "E":
                f = w.error_fields(body)
                if f["S"] in ("FATAL", "PANIC"):
                    raise w.Closed()
                error = Failed(f["C"], f["M"])
                self.names.pop(sql, None)  # perhaps Parse was refused
            elif kind == "Z":
                if error:
                    raise error
                return rows, tag


def row(body):
    (count,) = struct.unpack_from(">h", body)
    at, values = 2, []
    for _ in range(count):
        (length,) = struct.unpack_from(">i", body, at)
        at += 4
        values.append(None if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return values


def elements(text):
    text = text.strip("{}")
    return [int(e) for e in text.split(",")] if text else []


class Shared:
    """What all clients of a run know: the block in use, the next element, the history."""

    def __init__(self, seed, levels, clients):
        self.random = random.Random(seed)
        self.levels = levels
        self.lock = threading.Lock()
        self.block = {"la": 0, "lt": 0, "reg": 0}
        self.appends = {"la": 0, "lt": 0, "reg": 0}
        self.blocks_used = {(t, 0) for t in self.block}
        self.next_element = 0
        self.txns = []
        self.problems = []  # what a client alone could see was wrong
        self.states = {}  # SQLSTATE -> how often
        self.stop = False
        self.clients = clients

    def element(self, table):
        with self.lock:
            self.next_element += 1
            self.appends[table] += 1
            if self.appends[table] > LIST_MAX * BLOCK:
                self.appends[table] = 0
                self.block[table] += 1
                self.blocks_used.add((table, self.block[table]))
            return self.next_element

    def keep(self, txn):
        with self.lock:
            self.txns.append(txn)

    def problem(self, name, text):
        with self.lock:
            self.problems.append((name, text))


def now():
    return time.monotonic_ns() // 1000


class Worker(threading.Thread):
    def __init__(self, shared, number):
        super().__init__(name=f"client {number}")
        self.s = shared
        self.number = number
        self.r = random.Random(shared.random.random())
        self.conn = None
        self.extended = number % 2 == 1
        self.count = 0
        self.level = RC

    def run(self):
        try:
            while not self.s.stop:
                if self.conn is None and not self.connect():
                    continue
                self.transaction()
        except Exception as error:  # pylint: disable=broad-except
            self.s.problem("client", f"{type(error).__name__}: {error}")
            raise

    def connect(self):
        try:
            self.conn = Client(self.extended)
            return True
        except (OSError, w.Closed):
            time.sleep(0.02)
            return False

    # -- transactions --

    def transaction(self):
        self.count += 1
        self.level = self.r.choice(self.s.levels)
        name = f"c{self.number}.{self.count}"
        ops, start = [], now()
        status, sent = FAIL, start
        try:
            if self.r.random() < 0.25 and self.level == RC:
                status = INFO  # one statement is its own commit: without an answer nobody knows
                self.statement(ops, autocommit=True)
                status = OK
            else:
                self.ask(f"BEGIN ISOLATION LEVEL {self.level}" + self.mode())
                if self.r.random() < 0.02:
                    self.ask("SET LOCAL lock_timeout = '20ms'")
                self.statements(ops, self.r.randint(1, 5), depth=0)
                if self.r.random() < 0.06:
                    self.ask("ROLLBACK")
                else:
                    status, sent = INFO, now()
                    status = OK if self.ask("COMMIT")[1] == "COMMIT" else FAIL
        except Failed as error:
            status = FAIL
            self.refused(error)
        except (w.Closed, OSError) as error:
            if isinstance(error, TimeoutError):
                self.s.problem("no-answer", f"{name} waited 30 s for an answer")
            self.conn.close()
            self.conn = None
        self.s.keep(Txn(name, self.level, ops, status, sent, now()))

    def mode(self):
        return " READ ONLY" if self.read_only() else ""

    def read_only(self):
        self.only_reads = self.r.random() < 0.15
        return self.only_reads

    def refused(self, error):
        """A statement failed: leave the transaction, or give the connection up."""
        with self.s.lock:
            self.s.states[str(error)[:90]] = self.s.states.get(str(error)[:90], 0) + 1
        try:
            self.ask("ROLLBACK")
        except Failed:
            pass
        except (w.Closed, OSError):
            self.conn.close()
            self.conn = None

    def ask(self, sql, *args):
        return self.conn.run(sql, *args)

    def statements(self, ops, count, depth):
        for _ in range(count):
            if depth < 2 and self.r.random() < 0.1 and not self.only_reads:
                self.savepoint(ops, depth + 1)
            else:
                self.statement(ops, False)

    def savepoint(self, ops, depth):
        """A part of the transaction under a savepoint, rolled back half of the time or when it fails."""
        inner, name = [], f"p{depth}"
        begun = now()
        self.ask(f"SAVEPOINT {name}")
        try:
            self.statements(inner, self.r.randint(1, 3), depth)
            undo = self.r.random() < 0.5
        except Failed as error:
            if error.state not in ("55P03",):
                raise
            undo = True
            inner.append(Op(begun, now()))
        finally:
            ops += inner
        self.ask(f"{'ROLLBACK TO' if undo else 'RELEASE'} {name}")
        if undo:
            when = now()
            for op in inner:
                op.undone = op.undone or when

    # -- statements --

    def statement(self, ops, autocommit):
        self.autocommit = autocommit
        self.ops = ops
        table = self.r.choice(("la", "la", "lt", "reg"))
        reads = (self.read_key, self.read_range, self.read_group, self.read_last)
        writes = (self.update, self.upsert, self.upsert, self.update_two, self.locked_change, self.again)
        if not autocommit and self.only_reads or self.r.random() < 0.5:
            if self.r.random() < 0.1 and not autocommit and not self.only_reads:
                self.read_locked(table)
            else:
                self.r.choice(reads)(table)
        else:
            self.r.choice(writes)(table)

    def key(self, table):
        return self.s.block[table] * BLOCK + self.r.randrange(BLOCK)

    def add(self, start, reads=(), appends=(), misses=(), locked=False):
        self.ops.append(Op(start, now(), reads, appends, misses, locked))

    def planned(self, start, appends):
        """The statement is about to be sent: if no answer comes, these may have been written all the same."""
        self.ops.append(Op(start, start, (), appends, (), True))
        return self.ops[-1]

    def decode(self, table, got):
        """[key name, list or (value, number)] of a row; what it says twice must agree."""
        k = int(got[0])
        if table == "reg":
            if int(got[1]) != k // BLOCK or got[2] != got[3]:
                self.s.problem("torn-row", f"reg {got}")
            return f"r{k}", [int(got[2]), int(got[4])]
        v = elements(got[3])
        if int(got[1]) != k // BLOCK or int(got[2]) != k // BLOCK * GROUPS + v[-1] % GROUPS:
            self.s.problem("torn-row", f"{table} {got}")
        return f"{table}{k}", v

    def columns(self, table):
        return "k, g, val, same, n" if table == "reg" else "k, g, m, v"

    def name(self, table, k):
        return f"r{k}" if table == "reg" else f"{table}{k}"

    def reads_of(self, table, rows, keys, predicate):
        """Reads of these keys: those of the rows, and the others as absent."""
        found = {}
        for got in rows:
            key, value = self.decode(table, got)
            if key in found or key not in {self.name(table, k) for k in keys}:
                self.s.problem("wrong-row", f"{table} {got} came twice, or for a predicate that is not its own")
            found[key] = value
        for k in keys:
            found.setdefault(self.name(table, k), [])
        return [[key, value, predicate] for key, value in found.items()]

    def read(self, table, where, args, keys, predicate=False, lock=""):
        start = now()
        rows, _ = self.ask(f"SELECT {self.columns(table)} FROM {table} WHERE {where}{lock}", *args)
        self.add(start, self.reads_of(table, rows, keys, predicate), locked=bool(lock))

    def read_key(self, table):
        k = self.key(table)
        self.read(table, "k = $1", (k,), (k,))

    def read_range(self, table):
        first = self.key(table)
        last = min(first + self.r.randrange(4), first // BLOCK * BLOCK + BLOCK - 1)
        self.read(table, "k BETWEEN $1 AND $2", (first, last), range(first, last + 1), True)

    def read_group(self, table):
        block = self.s.block[table]
        self.read(table, "g = $1", (block,), range(block * BLOCK, block * BLOCK + BLOCK), True)

    def read_last(self, table):
        """By the index on m: the rows whose last element is of one class; the others are of another one."""
        if table == "reg":
            self.read_group(table)
            return
        block, value = self.s.block[table], self.r.randrange(GROUPS)
        start = now()
        rows, _ = self.ask(f"SELECT k, g, m, v FROM {table} WHERE m = $1", block * GROUPS + value)
        reads = self.reads_of(table, rows, [int(got[0]) for got in rows], False)
        for got in rows:
            if int(got[2]) != block * GROUPS + value:
                self.s.problem("wrong-row", f"{table} {got} for m = {block * GROUPS + value}")
        there = {key for key, _, _ in reads}
        misses = [[f"{table}{k}", value] for k in range(block * BLOCK, block * BLOCK + BLOCK) if f"{table}{k}" not in there]
        self.add(start, reads, misses=misses)

    def read_locked(self, table):
        """Row locks. A FOR KEY SHARE lock lets others append, so at READ COMMITTED it promises nothing here."""
        k, lock = self.key(table), self.r.choice((" FOR UPDATE", " FOR NO KEY UPDATE", " FOR SHARE", " FOR KEY SHARE"))
        start = now()
        rows, _ = self.ask(f"SELECT {self.columns(table)} FROM {table} WHERE k = $1{lock}", k)
        if self.level == RC and (not rows or lock == " FOR KEY SHARE"):
            return
        self.add(start, self.reads_of(table, rows, (k,), False), locked=True)

    # -- writes --

    def changed(self, op, table, rows, elem):
        """A write answered: which rows it wrote, and the list each had then (it ends with the new element)."""
        op.end = now()
        op.appends = []
        for got in rows:
            key, value = self.decode(table, got)
            if table == "reg":
                op.appends.append([key, elem, value[1]])
            else:
                op.appends.append([key, elem])
                op.reads.append([key, value, False])
            if (value[0] if table == "reg" else value[-1]) != elem:
                self.s.problem("wrong-row", f"{table} {got} after writing {elem}")

    def nothing(self, start, table, k, locked):
        """No row was found: at REPEATABLE READ there was none; one to be locked at READ COMMITTED may just have gone."""
        self.add(start, [] if self.level == RC and locked else [[self.name(table, k), [], False]], locked=locked)

    def intents(self, table, keys, elem):
        return [[self.name(table, k), elem] + ([None] if table == "reg" else []) for k in keys]

    def change(self, table, where, args, keys):
        elem = self.s.element(table)
        start = now()
        op = self.planned(start, self.intents(table, keys, elem) if self.autocommit else [])
        sets = {
            "la": f"v = v || {elem}, m = g * {GROUPS} + {elem % GROUPS}",
            "lt": f"v = v || ',{elem}', m = g * {GROUPS} + {elem % GROUPS}",
            "reg": f"prev = val, val = {elem}, same = {elem}, n = n + 1",
        }[table]
        if self.extended:
            # As a parameter: the statement stays prepared.
            sets = {
                "la": f"v = v || $9::int, m = g * {GROUPS} + $9::int % {GROUPS}",
                "lt": f"v = v || ',' || $9::int, m = g * {GROUPS} + $9::int % {GROUPS}",
                "reg": "prev = val, val = $9, same = $9, n = n + 1",
            }[table].replace("$9", f"${len(args) + 1}")
            args = (*args, elem)
        rows, _ = self.ask(f"UPDATE {table} SET {sets} WHERE {where} RETURNING {self.columns(table)}", *args)
        self.changed(op, table, rows, elem)
        return op, rows

    def update(self, table):
        k = self.key(table)
        op, rows = self.change(table, "k = $1", (k,), (k,))
        if not rows and self.level != RC:
            op.reads.append([self.name(table, k), [], False])

    def update_two(self, table):
        """Two rows, found in one of three ways; which come first is the server's choice, so deadlocks happen."""
        a, b = self.key(table), self.key(table)
        if a == b:
            self.update(table)
        elif self.r.random() < 0.5:
            self.change(table, "k IN ($1, $2)", (a, b), (a, b))
        elif self.r.random() < 0.5:
            a, b = min(a, b), min(a, b) + 1
            keys = [k for k in (a, b) if k // BLOCK == a // BLOCK]
            self.change(table, "k BETWEEN $1 AND $2", (a, b), keys)
        else:
            self.change(table, "k = (SELECT min(k) FROM " + table + " WHERE k >= $1)", (a,), range(a, a + 2 * BLOCK))

    def upsert(self, table):
        k, elem = self.key(table), self.s.element(table)
        start = now()
        op = self.planned(start, self.intents(table, (k,), elem) if self.autocommit else [])
        block, m = k // BLOCK, k // BLOCK * GROUPS + elem % GROUPS
        back = ", ".join(f"{table}.{c}" for c in self.columns(table).split(", "))
        if table == "reg":
            sql = (
                "INSERT INTO reg VALUES ($1, $2, $3, $3, 1, NULL) ON CONFLICT (k) DO UPDATE SET prev = reg.val,"
                " val = EXCLUDED.val, same = EXCLUDED.same, n = reg.n + 1"
            )
            rows, _ = self.ask(f"{sql} RETURNING {back}", k, block, elem)
        else:
            value = f"{{{elem}}}" if table == "la" else f"{elem}"
            join = "||" if table == "la" else "|| ',' ||"
            sql = (
                f"INSERT INTO {table} VALUES ($1, $2, $3, $4) ON CONFLICT (k) DO UPDATE"
                f" SET v = {table}.v {join} EXCLUDED.v, m = EXCLUDED.m"
            )
            rows, _ = self.ask(f"{sql} RETURNING {back}", k, block, m, value)
        self.changed(op, table, rows, elem)

    def locked_change(self, table):
        """The client reads, under a lock where its level needs one, and writes what it made of that."""
        if self.autocommit:
            self.update(table)
            return
        k, start = self.key(table), now()
        lock = " FOR UPDATE" if self.level == RC or self.r.random() < 0.3 else ""
        rows, _ = self.ask(f"SELECT {self.columns(table)} FROM {table} WHERE k = $1{lock}", k)
        if not rows:
            self.nothing(start, table, k, bool(lock))
            return
        key, value = self.decode(table, rows[0])
        self.add(start, [[key, list(value), False]], locked=bool(lock))
        elem = self.s.element(table)
        op = self.planned(now(), [])
        if table == "reg":
            sql = "UPDATE reg SET prev = $1, val = $2, same = $2, n = $3 WHERE k = $4"
            args = (value[0], elem, value[1] + 1, k)
        else:
            text = ",".join(map(str, value + [elem]))
            sql = f"UPDATE {table} SET v = $1, m = $2 WHERE k = $3"
            args = (f"{{{text}}}" if table == "la" else text, k // BLOCK * GROUPS + elem % GROUPS, k)
        back, _ = self.ask(f"{sql} RETURNING {self.columns(table)}", *args)
        self.changed(op, table, back, elem)

    def again(self, table):
        """Delete a row and put it back, longer: its index entries become ghosts that the new row meets."""
        if self.autocommit:
            self.upsert(table)
            return
        k, start = self.key(table), now()
        rows, _ = self.ask(f"DELETE FROM {table} WHERE k = $1 RETURNING {self.columns(table)}", k)
        if not rows:
            self.nothing(start, table, k, True)
            return
        key, value = self.decode(table, rows[0])
        self.add(start, [[key, list(value), False]], locked=True)
        elem, block = self.s.element(table), k // BLOCK
        op = self.planned(now(), [])
        if table == "reg":
            sql, args = "INSERT INTO reg VALUES ($1, $2, $3, $3, $4, $5)", (k, block, elem, value[1] + 1, value[0])
        else:
            text = ",".join(map(str, value + [elem]))
            sql = f"INSERT INTO {table} VALUES ($1, $2, $3, $4)"
            args = (k, block, block * GROUPS + elem % GROUPS, f"{{{text}}}" if table == "la" else text)
        back, _ = self.ask(f"{sql} RETURNING {self.columns(table)}", *args)
        self.changed(op, table, back, elem)


def final_state(shared):
    """Every key's value at the end, read twice by each path; paths that differ are a problem."""
    conn = Client()
    final = {}
    worker = Worker(shared, 0)
    for table in ("la", "lt", "reg"):
        ways = [f"SELECT {worker.columns(table)} FROM {table}"]
        lists = []
        for block in sorted(b for t, b in shared.blocks_used if t == table):
            ways.append(f"SELECT {worker.columns(table)} FROM {table} WHERE g = {block}")
            for value in range(GROUPS) if table != "reg" else ():
                lists.append(f"SELECT {worker.columns(table)} FROM {table} WHERE m = {block * GROUPS + value}")
        whole = sorted(conn.run(ways[0])[0])
        for name, group in (("g", ways[1:]), ("m", lists)):
            got = sorted(got for sql in group for got in conn.run(sql)[0])
            if group and got != whole:
                odd = [x for x in whole if x not in got][:3] + [x for x in got if x not in whole][:3]
                shared.problem("index", f"{table} by {name} has {len(got)} rows of {len(whole)}: {odd}")
        for got in whole:
            key, value = worker.decode(table, got)
            final[key] = value
    conn.close()
    return final
