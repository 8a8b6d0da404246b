"""Hostile clients: messages that are malformed, oversized, cut short or out of order, at every stage of a connection.

Each must end (or spare) its own connection as PostgreSQL does and nothing else: a watcher connection lives through
all of them, and afterwards the server's memory and descriptors are what they were.
"""

import os
import socket
import struct
import sys
import time

import pgwire as w

PID = os.environ.get("WIRE_SERVER_PID")
results = [0, 0]


def check(name, fn):
    try:
        problem = fn()
    except Exception as error:  # what a test meets is its result
        problem = f"{type(error).__name__}: {error}"
    if problem:
        print(f"FAILED {name}: {problem}")
    else:
        print(f"ok {name}")
    results[bool(problem)] += 1


def codes(messages):
    """SQLSTATEs of errors, with F for fatal ones, and C for the end: '08P01F C'."""
    out = []
    for kind, body in messages:
        if kind == "E":
            fields = w.error_fields(body)
            out.append(fields["C"] + ("F" if fields["V"] == "FATAL" else ""))
        elif kind == "closed":
            out.append("C")
    return " ".join(out)


def expect(conn, wanted):
    """The connection must end with these codes."""
    got = codes(conn.ended())
    conn.close()
    return "" if got == wanted else f"got '{got}', not '{wanted}'"


def expect_one(conn, wanted, tail=b""):
    """The connection must answer with these codes and go on."""
    got = codes(conn.read_until())
    answer = conn.ask(w.query("SELECT 42"))
    conn.close()
    alive = any(kind == "D" and body.endswith(b"42") for kind, body in answer)
    return "" if got == wanted and alive else f"got '{got}', alive: {alive}"


# ---- stages ----


def fresh():
    return w.Conn()


def ready():
    conn = w.Conn()
    conn.login()
    return conn


def in_copy():
    conn = ready()
    conn.ask(w.query("CREATE TABLE IF NOT EXISTS hostile (a int, b text)"))
    conn.send(w.query("COPY hostile FROM STDIN"))
    conn.read_until("G")
    return conn


def in_pipeline():
    conn = ready()
    conn.send(w.parse("", "SELECT 1") + w.bind("", "") + w.FLUSH)
    conn.read_until("2")
    return conn


def in_failed_block():
    conn = ready()
    conn.send(w.query("BEGIN") + w.parse("", "SELECT nosuch") + w.FLUSH)
    conn.read_until("E")
    return conn


def in_sasl():
    conn = w.Conn(tcp=True)
    conn.send(w.startup((("user", "postgres"), ("database", "postgres"))))
    conn.read_until("R")
    return conn


def half_sasl():
    conn = in_sasl()
    scram = w.Scram(os.environ["WIRE_PASSWORD"])
    conn.send(scram.initial())
    conn.scram = scram
    conn.first = conn.read_until("RE")[-1][1][4:]
    return conn


# ---- before the startup packet ----


def startup_cases():
    good = w.startup((("user", "postgres"), ("database", "postgres")))
    yield "length 0", w.i32(0), "08P01F C"
    yield "length 7", w.i32(7), "08P01F C"
    yield "negative length", w.i32(-1), "08P01F C"
    yield "length past the limit", w.i32(10001) + bytes(100), "08P01F C"
    yield "length 2^31-1", struct.pack(">I", 0x7FFFFFFF), "08P01F C"
    yield "no terminator", w.i32(8 + 5) + w.i32(w.VERSION_3) + b"user\0", "08P01F C"
    yield "name without value", w.i32(8 + 6) + w.i32(w.VERSION_3) + b"user\0\0", "08P01F C"
    yield "bytes behind the terminator", w.i32(len(good) + 1) + good[4:] + b"x", "08P01F C"
    yield "no parameters", w.i32(8) + w.i32(w.VERSION_3), "08P01F C"
    yield "only a terminator", w.i32(9) + w.i32(w.VERSION_3) + b"\0", "28000F C"
    yield "version 4", w.startup((("user", "postgres"),), 4 << 16), "0A000F C"
    yield "HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "08P01F C"
    yield "TLS without asking", bytes.fromhex("16030100c8010000c40303"), "08P01F C"
    yield "replication", w.startup((("user", "postgres"), ("replication", "database"))), "0A000F C"
    yield "physical replication", w.startup((("user", "postgres"), ("replication", "true"))), "0A000F C"
    yield "very long user", w.startup((("user", "u" * 9000),)), "*"
    yield "very long value", w.startup((("user", "postgres"), ("application_name", "a" * 9000))), "-"
    yield "many parameters", w.startup([("user", "postgres")] + [(f"my.p{n}", "v") for n in range(500)]), "-"


def startup_case(data, wanted):
    conn = fresh()
    conn.send(data)
    if wanted == "-":
        got = conn.read_until("ZE")
        conn.close()
        return "" if got[-1][0] == "Z" else f"not let in: {codes(got)}"
    conn.sock.shutdown(socket.SHUT_WR)
    if wanted == "*":
        got = codes(conn.ended())
        conn.close()
        return "" if got.endswith("F C") else f"got '{got}'"
    return expect(conn, wanted)


def silent_startup():
    """Garbage that never becomes a packet, and clients that go away in the middle, leave nothing behind."""
    for data in (b"", b"\0", b"\0\0\0", w.i32(100) + b"abc", w.i32(8), w.i32(8) + w.i32(w.SSL)):
        conn = fresh()
        conn.send(data)
        conn.close()
    return ""


def cancel_cases():
    for data in (
        w.i32(16) + w.i32(w.CANCEL) + w.i32(1) + w.i32(2),
        w.i32(12) + w.i32(w.CANCEL) + w.i32(1),
        w.i32(20) + w.i32(w.CANCEL) + bytes(12),
        w.i32(16) + w.i32(w.CANCEL) + w.i32(-1) + w.i32(-1),
    ):
        conn = fresh()
        conn.send(data)
        conn.ended()
        conn.close()
    return ""


def ssl_then_garbage():
    conn = fresh()
    conn.send(w.i32(8) + w.i32(w.SSL))
    if conn.take(1) != b"N":
        return "no N"
    conn.send(b"\x16\x03\x01\x00\xc8\x01")
    return expect(conn, "08P01F C")


def ssl_twice():
    conn = fresh()
    conn.send((w.i32(8) + w.i32(w.SSL)) * 50)
    conn.sock.shutdown(socket.SHUT_WR)
    try:
        while conn.sock.recv(1000):
            pass
    except OSError:
        pass
    conn.close()
    return ""


def byte_by_byte():
    conn = fresh()
    data = w.startup((("user", "postgres"), ("database", "postgres"))) + w.query("SELECT 42") + w.TERMINATE
    for at in range(len(data)):
        conn.send(data[at : at + 1])
    got = conn.ended()
    conn.close()
    return "" if any(k == "D" and b.endswith(b"42") for k, b in got) else str(got)


# ---- password exchange ----


def sasl_cases():
    scram = w.Scram("secret")
    yield "query instead of password", w.query("SELECT 1"), "08P01F C"
    yield "terminate", w.TERMINATE, "08P01F C"
    yield "unknown mechanism", scram.initial("SCRAM-SHA-1"), "08P01F C"
    yield "channel binding mechanism", scram.initial("SCRAM-SHA-256-PLUS"), "08P01F C"
    yield "empty message", w.message("p"), "08P01F C"
    yield "length past the end", w.message("p", w.cstr("SCRAM-SHA-256") + w.i32(1000) + b"n,,"), "08P01F C"
    yield "no gs2 header", w.message("p", w.cstr("SCRAM-SHA-256") + w.i32(3) + b"abc"), "08P01F C"
    yield "channel binding wanted", w.message("p", w.cstr("SCRAM-SHA-256") + w.i32(18) + b"p=tls-unique,,n=,r="), "08P01F C"
    yield "no nonce", w.message("p", w.cstr("SCRAM-SHA-256") + w.i32(6) + b"n,,n=x"), "08P01F C"
    yield "very long nonce", w.message("p", w.cstr("SCRAM-SHA-256") + w.i32(9006) + b"n,,n=,r=" + b"x" * 8998), "*"
    yield "negative body length", b"p" + w.i32(-5), "08P01F C"
    yield "huge body length", b"p" + w.i32(0x10000000), "08P01F C"
    yield "unknown type", b"\x01" + w.i32(4), "08P01F C"
    yield "zero byte in the nonce", w.message("p", w.cstr("SCRAM-SHA-256") + w.i32(10) + b"n,,n=,r=\0a"), "08P01F C"


def sasl_case(data, wanted):
    conn = in_sasl()
    conn.send(data)
    if wanted == "*":
        got = codes(conn.ended())
        conn.close()
        return "" if got.endswith("F C") else got
    return expect(conn, wanted)


def sasl_final_cases():
    yield "wrong proof", lambda c: c.scram.final(c.first)[:-8] + b"AAAAAAA=", "28P01F C"
    yield "garbage", lambda c: w.message("p", b"garbage"), "08P01F C"
    yield "empty", lambda c: w.message("p"), "08P01F C"
    yield "other nonce", lambda c: w.message("p", b"c=biws,r=xyz,p=AAAA"), "08P01F C"
    yield "query", lambda c: w.query("SELECT 1"), "08P01F C"
    yield "first message again", lambda c: c.scram.initial(), "08P01F C"


def sasl_final_case(make, wanted):
    conn = half_sasl()
    conn.send(make(conn))
    return expect(conn, wanted)


def sasl_right():
    conn = half_sasl()
    conn.send(conn.scram.final(conn.first))
    got = conn.read_until("ZE")
    kinds = "".join(kind for kind, _ in got)
    conn.close()
    return "" if kinds.startswith("RR") and kinds.endswith("Z") else kinds


def sasl_wrong_password():
    conn = in_sasl()
    scram = w.Scram("wrong")
    conn.send(scram.initial())
    conn.send(scram.final(conn.read_until("R")[-1][1][4:]))
    return expect(conn, "28P01F C")


def sasl_unknown_user():
    conn = w.Conn(tcp=True)
    conn.send(w.startup((("user", "nobody_here"), ("database", "postgres"))))
    conn.read_until("R")
    scram = w.Scram("secret")
    conn.send(scram.initial())
    conn.send(scram.final(conn.read_until("R")[-1][1][4:]))
    return expect(conn, "28P01F C")


def password_without_asking():
    conn = ready()
    conn.send(w.message("p", b"secret\0"))
    return expect(conn, "08P01F C")


# ---- messages of a session ----


def bad_messages():
    """What ends a connection at any stage after the start."""
    yield "unknown type", b"\x00" + w.i32(4)
    yield "unknown letter", b"y" + w.i32(4)
    yield "backend's letter", b"Z" + w.i32(5) + b"I"
    yield "length 0", b"Q" + w.i32(0)
    yield "length 3", b"Q" + w.i32(3)
    yield "negative length", b"Q" + w.i32(-1)
    yield "length 2^31-1", b"Q" + w.i32(0x7FFFFFFF)
    yield "length past a gigabyte", b"d" + w.i32((1 << 30) + 1)
    yield "long Sync", b"S" + w.i32(1 << 20)
    yield "long Terminate", b"X" + w.i32(1 << 24)
    yield "long Describe", b"D" + w.i32(1 << 24)
    yield "startup packet again", w.startup((("user", "postgres"),))
    yield "TLS", bytes.fromhex("16030100c8010000c40303")


STAGES = (("idle", ready), ("copy", in_copy), ("pipeline", in_pipeline), ("failed", in_failed_block), ("SASL", in_sasl))


def bad_message(stage, data):
    conn = stage()
    conn.send(data)
    got = codes(conn.ended())
    conn.close()
    return "" if got == "08P01F C" else f"got '{got}'"


def spared_messages():
    """Malformed bodies in messages of the right length: PostgreSQL answers ERROR 08P01 and goes on."""
    yield "Query without end", w.message("Q", b"SELECT 1") + w.SYNC, "08P01"
    yield "Query, bytes behind", w.message("Q", b"SELECT 1\0x") + w.SYNC, "08P01"
    yield "empty Query body", w.message("Q") + w.SYNC, "08P01"
    yield "empty Parse", w.message("P") + w.SYNC, "08P01"
    yield "Parse, half its types", w.message("P", b"\0SELECT 1\0" + w.i16(3) + w.i32(23)) + w.SYNC, "08P01"
    yield "Parse, negative count", w.message("P", b"\0SELECT 1\0" + w.i16(-1)) + w.SYNC, "08P01"
    yield "Parse, bytes behind", w.message("P", b"\0SELECT 1\0" + w.i16(0) + b"x") + w.SYNC, "08P01"
    yield "empty Bind", w.message("B") + w.SYNC, "08P01"
    yield "Bind, cut", w.parse("", "SELECT $1::text") + w.message("B", b"\0\0" + w.i16(0) + w.i16(1)) + w.SYNC, "08P01"
    yield "Bind, long value", w.parse("", "SELECT $1::text") + w.message(
        "B", b"\0\0" + w.i16(0) + w.i16(1) + w.i32(1000) + b"x"
    ) + w.SYNC, "08P01"
    yield "Bind, negative length", w.parse("", "SELECT $1::text") + w.message(
        "B", b"\0\0" + w.i16(0) + w.i16(1) + w.i32(-2) + w.i16(0)
    ) + w.SYNC, "08P01"
    yield "Bind, huge length", w.parse("", "SELECT $1::text") + w.message(
        "B", b"\0\0" + w.i16(0) + w.i16(1) + w.i32(0x7FFFFFFF) + w.i16(0)
    ) + w.SYNC, "08P01"
    yield "Bind, negative counts", w.parse("", "SELECT 1") + w.message("B", b"\0\0" + w.i16(-1) + w.i16(-1)) + w.SYNC, "08P01"
    yield "Bind, bytes behind", w.parse("", "SELECT 1") + w.message(
        "B", b"\0\0" + w.i16(0) + w.i16(0) + w.i16(0) + b"x"
    ) + w.SYNC, "08P01"
    yield "empty Describe", w.message("D") + w.SYNC, "08P01"
    yield "Describe without name", w.message("D", b"S") + w.SYNC, "08P01"
    yield "Describe nothing", w.message("D", b"Qx\0") + w.SYNC, "08P01"
    yield "empty Execute", w.message("E") + w.SYNC, "08P01"
    yield "Execute without count", w.message("E", b"\0") + w.SYNC, "08P01"
    yield "empty Close", w.message("C") + w.SYNC, "08P01"
    yield "Close nothing", w.message("C", b"\0\0") + w.SYNC, "08P01"
    yield "Query not UTF-8", w.message("Q", b"SELECT '\xff'\0"), "22021"
    yield "Query with half a character", w.message("Q", b"SELECT '\xc3'\0"), "22021"
    yield "Query with an overlong zero", w.message("Q", b"SELECT '\xc0\x80'\0"), "22021"
    yield "Query with a surrogate", w.message("Q", b"SELECT '\xed\xa0\x80'\0"), "22021"
    yield "Parse not UTF-8", w.message("P", b"\0SELECT '\xff'\0" + w.i16(0)) + w.SYNC, "22021"
    yield "function call of none", w.message("F", w.i32(1) + w.i16(0) + w.i16(0) + w.i16(0)), "42883"
    yield "function call cut", w.message("F", w.i32(1397) + w.i16(0) + w.i16(1)), "08P01"
    yield "function call with too long a value", w.message("F", w.i32(1397) + w.i16(0) + w.i16(1) + w.i32(99)), "08P01"
    yield "setting without its feature", w.query("SET default_toast_compression = pglz"), "0A000"
    yield "many brackets", w.query("SELECT " + "(" * 20000 + "1" + ")" * 20000), "54001"
    yield "many NOTs", w.query("SELECT " + "NOT " * 50000 + "true"), "54001"
    yield "long list of ORs", w.query("SELECT 1 WHERE " + " OR ".join(f"{n} = 0" for n in range(20000))), "*"
    yield "many parameters", w.parse("", "SELECT $65536") + w.SYNC, "*"
    yield "many columns", w.query("SELECT " + ",".join("1" for _ in range(1700))), "54011"
    yield "unterminated text", w.query("SELECT 'abc"), "42601"
    yield "unterminated comment", w.query("SELECT /* abc"), "42601"
    yield "lone backslash", w.query("\\"), "42601"


def spared_message(data, wanted):
    conn = ready()
    conn.send(data)
    got = [codes(conn.read_until())]
    if wanted == "*":
        wanted = got[0]
    if data[:1] == b"Q" and data.endswith(w.SYNC):
        got.append(codes(conn.read_until()))
        got = [got[0]]
    answer = conn.ask(w.query("SELECT 42"))
    conn.close()
    alive = any(kind == "D" and body.endswith(b"42") for kind, body in answer)
    return "" if got == [wanted] and alive else f"got {got}, alive: {alive}"


def copy_cases():
    yield "Query in COPY", w.query("SELECT 1"), "08P01 08P01F C"
    yield "Parse in COPY", w.parse("", "SELECT 1"), "08P01 08P01F C"
    yield "Execute in COPY", w.execute(), "08P01 08P01F C"
    yield "password in COPY", w.message("p", b"x\0"), "08P01 08P01F C"


def copy_case(data, wanted):
    conn = in_copy()
    conn.send(data)
    return expect(conn, wanted)


def copy_not_utf8():
    conn = in_copy()
    conn.send(w.message("d", b"1\tx\n2\t\xff\n") + w.message("c"))
    return expect_one(conn, "22021")


def copy_then_gone():
    conn = in_copy()
    conn.send(w.message("d", b"1\tgone\n" * 100))
    conn.close()
    other = ready()
    got = other.ask(w.query("SELECT count(*) FROM hostile WHERE b = 'gone'"))
    other.close()
    return "" if any(k == "D" and b.endswith(b"0") for k, b in got) else str(got)


def gone_in_the_middle():
    """Clients that leave in every state, with a half message, or without reading what they asked for."""
    for stage in (ready, in_copy, in_pipeline, in_failed_block, in_sasl):
        for data in (b"", b"Q", b"Q\0\0\1\0SELECT", w.query("SELECT 1"), w.query("SELECT repeat('x', 1000000)")):
            conn = stage()
            conn.send(data)
            conn.close()
    return ""


def row_wait(first, wanted, action):
    """A prepared UPDATE waits for a row; `action` ends the wait with these codes."""
    holder, waiter = ready(), fresh()
    waiter.login()
    holder.ask(w.query("CREATE TABLE IF NOT EXISTS row_wait (a int PRIMARY KEY); TRUNCATE row_wait"))
    holder.ask(w.query("INSERT INTO row_wait VALUES (1)"))
    holder.ask(w.query("BEGIN; UPDATE row_wait SET a = 1"))
    for sql in first:
        waiter.ask(w.query(sql))
    update = w.parse("", "UPDATE row_wait SET a = 1 WHERE a = 1") + w.bind("", "") + w.execute()
    waiter.send(update + update + w.SYNC)
    end = time.monotonic() + 20
    while ("D", b"\0\1\0\0\0\1t") not in holder.ask(w.query(f"SELECT pg_blocking_pids({waiter.pid}) <> '{{}}'")):
        if time.monotonic() > end:
            return "the statement does not wait"
        time.sleep(0.005)
    action(holder, waiter)
    got = codes(waiter.read_until())
    holder.ask(w.query("COMMIT"))
    holder.ask(w.query("DROP TABLE row_wait"))
    holder.close()
    waiter.close()
    return "" if got == wanted else f"got '{got}', not '{wanted}'"


def row_wait_canceled():
    def cancel(holder, waiter):
        holder.ask(w.query(f"SELECT pg_cancel_backend({waiter.pid})"))

    return row_wait([], "57014", cancel)


def row_wait_statement_timeout():
    return row_wait(["SET statement_timeout = '200ms'"], "57014", lambda holder, waiter: None)


def row_wait_lock_timeout():
    return row_wait(["SET lock_timeout = '200ms'"], "55P03", lambda holder, waiter: None)


def row_wait_terminated():
    def terminate(holder, waiter):
        holder.ask(w.query(f"SELECT pg_terminate_backend({waiter.pid})"))

    return row_wait([], "57P01F C", terminate)


def row_wait_gone():
    """The waiting client goes away; its statement ends when the row is free, and the row with it."""

    def leave(holder, waiter):
        waiter.close()
        holder.ask(w.query("COMMIT"))

    try:
        row_wait([], "", leave)
    except (OSError, w.Closed):
        pass
    conn = ready()
    got = codes(conn.ask(w.query("DROP TABLE row_wait")))
    conn.close()
    return got


def slow_reader():
    """Results that nobody reads block that session only."""
    conn = ready()
    conn.send(w.query("SELECT repeat('x', 1000) FROM generate_series(1, 100000)"))
    time.sleep(0.3)
    other = ready()
    got = other.ask(w.query("SELECT 42"))
    other.close()
    total = sum(1 for kind, _ in conn.read_until() if kind == "D")
    conn.close()
    return "" if any(k == "D" and b.endswith(b"42") for k, b in got) and total == 100000 else f"{total} rows"


def many_messages():
    """A long pipeline whose answers are read only at its end; the server must not need the client to read."""
    conn = ready()
    one = w.parse("", "SELECT 1") + w.bind("", "") + w.execute()
    conn.sock.settimeout(30)
    conn.send(one * 2000 + w.SYNC)
    got = conn.read_until()
    conn.close()
    return "" if sum(kind == "C" for kind, _ in got) == 2000 else f"{len(got)} messages"


def many_statements():
    """Thousands of named statements live until the connection ends, and then their memory is given back."""
    conn = ready()
    for start in range(0, 3000, 500):
        conn.send(b"".join(w.parse(f"s{n}", f"SELECT {n}, $1::text") for n in range(start, start + 500)) + w.SYNC)
        conn.read_until()
    conn.send(w.bind("", "s2999", [b"x"]) + w.execute() + w.SYNC)
    got = conn.read_until()
    conn.close()
    return "" if any(k == "D" for k, _ in got) else codes(got)


def large_message():
    conn = ready()
    text = b"x" * (32 << 20)
    conn.send(w.parse("", "SELECT length($1::text)") + w.bind("", "", [text]) + w.execute() + w.SYNC)
    got = conn.read_until()
    conn.close()
    return "" if any(k == "D" and b.endswith(str(len(text)).encode()) for k, b in got) else codes(got)


# ---- what the server holds ----


def descriptors():
    return len(os.listdir(f"/proc/{PID}/fd"))


def resident_kib():
    with open(f"/proc/{PID}/status") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def settle(value, wanted, seconds=5):
    end = time.monotonic() + seconds
    while value() > wanted and time.monotonic() < end:
        time.sleep(0.05)
    return value()


def run_all():
    for name, data, wanted in startup_cases():
        check("startup: " + name, lambda d=data, x=wanted: startup_case(d, x))
    for fn in (silent_startup, cancel_cases, ssl_then_garbage, ssl_twice, byte_by_byte):
        check(fn.__name__, fn)
    for name, data, wanted in sasl_cases():
        check("SASL: " + name, lambda d=data, x=wanted: sasl_case(d, x))
    for name, make, wanted in sasl_final_cases():
        check("SASL, second message: " + name, lambda m=make, x=wanted: sasl_final_case(m, x))
    for fn in (sasl_right, sasl_wrong_password, sasl_unknown_user, password_without_asking):
        check(fn.__name__, fn)
    for stage_name, stage in STAGES:
        for name, data in bad_messages():
            if stage_name == "SASL" and data[:1] not in b"pQ\0yZ":
                continue
            check(f"{stage_name}: {name}", lambda s=stage, d=data: bad_message(s, d))
    for name, data, wanted in spared_messages():
        check(name, lambda d=data, x=wanted: spared_message(d, x))
    for name, data, wanted in copy_cases():
        check(name, lambda d=data, x=wanted: copy_case(d, x))
    for fn in (row_wait_canceled, row_wait_statement_timeout, row_wait_lock_timeout, row_wait_terminated, row_wait_gone):
        check(fn.__name__, fn)
    for fn in (copy_not_utf8, copy_then_gone, gone_in_the_middle, slow_reader, many_messages, many_statements, large_message):
        check(fn.__name__, fn)


def leaks(baseline_fds, baseline_kib):
    fds = settle(descriptors, baseline_fds)
    kib = resident_kib()
    if fds > baseline_fds:
        return f"{fds} descriptors, {baseline_fds} before"
    # ThreadSanitizer's own memory is not the server's.
    if kib > baseline_kib + 64 * 1024 and "TSAN_OPTIONS" not in os.environ:
        return f"{kib} KiB resident, {baseline_kib} before"
    return ""


def main():
    watcher = ready()
    watcher.ask(w.query("BEGIN"))
    watcher.ask(w.query("SELECT 1"))
    if PID:
        baseline_fds, baseline_kib = descriptors(), resident_kib()
    run_all()
    got = watcher.ask(w.query("SELECT 42"))
    check("another connection lives through it all", lambda: "" if got[-1] == ("Z", b"T") else codes(got))
    if PID:
        check("nothing leaks", lambda: leaks(baseline_fds, baseline_kib))
    watcher.ask(w.query("COMMIT; DROP TABLE hostile"))
    print(f"{results[0]} passed, {results[1]} failed")
    sys.exit(results[1] != 0)


main()
