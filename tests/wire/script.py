"""Run message scripts (scripts/*.wire) and print the conversation in text: what PostgreSQL's own answers are
recorded from, and dassie's compared with. README.md has the language."""

import os
import re
import shlex
import struct
import sys
import time

import pgwire as w

# Facts of a server, not of its behaviour, and what names a place in its sources.
ERROR_FIELDS = "SVCMDHPpqWstcdn"
HIDDEN_PARAMETERS = ("server_version",)
UNTIL_SECONDS = 20


def text_of(data):
    """Bytes as text: printable UTF-8 stays, everything else becomes \\xNN."""
    out = ""
    for c in data.decode("utf-8", "surrogateescape"):
        code = ord(c)
        if 0xDC80 <= code <= 0xDCFF:
            out += f"\\x{code - 0xDC00:02x}"
        elif c == "\\":
            out += "\\\\"
        elif code < 32 or code == 127:
            out += f"\\x{code:02x}"
        else:
            out += c
    return out


def row_description(body):
    (count,) = struct.unpack(">h", body[:2])
    at, columns = 2, []
    for _ in range(count):
        end = body.index(b"\0", at)
        name = body[at:end].decode()
        table, column, kind, size, typmod, fmt = struct.unpack(">IhIhih", body[end + 1 : end + 19])
        at = end + 19
        table = "user" if table >= 16384 else table
        columns.append(f"{name} table={table} column={column} type={kind} size={size} typmod={typmod} format={fmt}")
    return "RowDescription " + " | ".join(columns)


def data_row(body):
    (count,) = struct.unpack(">h", body[:2])
    at, values = 2, []
    for _ in range(count):
        (length,) = struct.unpack(">i", body[at : at + 4])
        at += 4
        if length < 0:
            values.append("NULL")
        else:
            values.append("'" + text_of(body[at : at + length]) + "'")
            at += length
    return "DataRow " + " ".join(values)


def show_error(name, body):
    fields = w.error_fields(body)
    shown = [f"{k}={fields[k]}" for k in ERROR_FIELDS if k in fields]
    return f"{name} " + " | ".join(shown)


def show(kind, body):
    """One message in text; None for one that is not shown."""
    simple = {
        "1": "ParseComplete",
        "2": "BindComplete",
        "3": "CloseComplete",
        "I": "EmptyQueryResponse",
        "n": "NoData",
        "s": "PortalSuspended",
        "c": "CopyDone",
        "closed": "-- closed --",
    }
    if kind in simple:
        return simple[kind] + (" " + body.hex() if body else "")
    if kind == "Z":
        return "ReadyForQuery " + body.decode()
    if kind == "C":
        return "CommandComplete " + text_of(body[:-1])
    if kind == "T":
        return row_description(body)
    if kind == "D":
        return data_row(body)
    if kind == "E":
        return show_error("ErrorResponse", body)
    if kind == "N":
        return show_error("NoticeResponse", body)
    if kind == "S":
        name, value = body[:-1].decode().split("\0")
        return f"ParameterStatus {name}=" + ("?" if name in HIDDEN_PARAMETERS else value)
    if kind == "K":
        return "BackendKeyData"
    if kind == "t":
        (count,) = struct.unpack(">h", body[:2])
        return "ParameterDescription " + " ".join(map(str, struct.unpack(f">{count}I", body[2:])))
    if kind == "R":
        (code,) = struct.unpack(">i", body[:4])
        return f"Authentication {code}"
    if kind in "GH":
        fmt, count = struct.unpack(">bh", body[:3])
        columns = struct.unpack(f">{count}h", body[3:])
        return f"{'CopyInResponse' if kind == 'G' else 'CopyOutResponse'} {fmt} " + " ".join(map(str, columns))
    if kind == "d":
        return "CopyData '" + text_of(body) + "'"
    if kind == "A":
        channel, payload = body[4:-1].decode().split("\0")
        return f"NotificationResponse {channel} '{payload}'"
    if kind == "V":
        (size,) = struct.unpack(">i", body[:4])
        return "FunctionCallResponse " + ("null" if size < 0 else body[4:].hex())
    if kind == "v":
        (minor, count) = struct.unpack(">ii", body[:8])
        return f"NegotiateProtocolVersion {minor} {count} " + text_of(body[8:])
    return f"unknown message {kind} {body.hex()}"


def unescape(word):
    """\\t \\n \\r \\xNN; other backslashes stay."""
    fixed = {b"t": b"\t", b"n": b"\n", b"r": b"\r"}
    return re.sub(
        rb"\\(?:x([0-9a-f]{2})|([tnr]))",
        lambda m: bytes.fromhex(m[1].decode()) if m[1] else fixed[m[2]],
        word.encode(),
    )


def numbers(word):
    return [int(n) for n in word.split(",") if n]


class Script:
    def __init__(self, path):
        self.lines = open(path, encoding="utf-8").read().split("\n")
        self.conns = {}
        self.name = "1"

    @property
    def conn(self):
        return self.conns[self.name]

    def say(self, messages):
        for kind, body in messages:
            print("< " + show(kind, body))
        sys.stdout.flush()

    def bind_message(self, words):
        params, formats, results = [], [], []
        for word in words[2:]:
            key, _, value = word.partition("=")
            if key == "p":
                params.append(unescape(value))
            elif key == "null":
                params.append(None)
            elif key == "px":
                params.append(bytes.fromhex(value))
            elif key == "pf":
                formats = numbers(value)
            elif key == "rf":
                results = numbers(value)
            else:
                raise ValueError(word)
        return w.bind(words[0], words[1], params, formats, results)

    def function_message(self, words):
        params, formats, result = b"", [], 0
        count = 0
        for word in words[1:]:
            key, _, value = word.partition("=")
            if key == "pf":
                formats = numbers(value)
            elif key == "rf":
                result = int(value)
            else:
                data = {"p": unescape, "px": bytes.fromhex, "null": lambda _: None}[key](value)
                params += w.i32(-1) if data is None else w.i32(len(data)) + data
                count += 1
        return w.message("F", w.i32(int(words[0])) + w.i16(len(formats)) + b"".join(map(w.i16, formats)) +
                         w.i16(count) + params + w.i16(result))

    def message(self, verb, rest):
        """The bytes of a line that sends a message; None when the line is something else."""
        if verb == "query":
            return w.query(rest.replace("\\n", "\n"))
        words = shlex.split(rest)
        if verb == "parse":
            return w.parse(words[0], words[1].replace("\\n", "\n"), numbers(words[2]) if len(words) > 2 else [])
        if verb == "bind":
            return self.bind_message(words)
        if verb == "describe":
            return w.describe(*words)
        if verb == "close":
            return w.close(*words)
        if verb == "execute":
            return w.execute(words[0], int(words[1]) if len(words) > 1 else 0)
        if verb == "function":
            return self.function_message(words)
        if verb == "copydata":
            return w.message("d", unescape(words[0]))
        if verb == "copyfail":
            return w.message("f", w.cstr(words[0]))
        if verb == "message":
            return w.message(words[0], unescape(words[1]) if len(words) > 1 else b"")
        fixed = {"sync": w.SYNC, "flush": w.FLUSH, "terminate": w.TERMINATE, "copydone": w.message("c")}
        return fixed.get(verb)

    def startup(self, rest):
        """startup [code=N] name=value ...: a new connection's first packet."""
        code, pairs = w.VERSION_3, []
        for word in shlex.split(rest):
            key, _, value = word.partition("=")
            if key == "code":
                code = int(value)
            else:
                pairs.append((key, value))
        self.conns[self.name] = self.conns.get(self.name) or w.Conn()
        self.conn.send(w.startup(pairs, code))

    def until(self, condition):
        """Wait until the server's row of pg_stat_activity for this connection fulfils the condition."""
        other = w.Conn()
        other.login()
        ask = w.query(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {self.conn.pid} AND {condition}")
        end = time.monotonic() + UNTIL_SECONDS
        while ("D", b"\0\1\0\0\0\1" + b"1") not in other.ask(ask):
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.005)
        other.close()

    def line(self, line):
        verb, _, rest = line.partition(" ")
        rest = rest.strip()
        if verb == "on":
            self.name = rest
        elif verb == "login":
            self.conns[self.name] = w.Conn()
            pairs = [tuple(p.split("=", 1)) for p in shlex.split(rest)]
            got = self.conn.login([("user", "postgres"), ("database", "postgres")] + pairs)
            if rest:
                self.say(got)
        elif verb == "startup":
            self.startup(rest)
        elif verb == "raw":
            self.conns[self.name] = self.conns.get(self.name) or w.Conn()
            self.conn.send(bytes.fromhex(rest))
        elif verb == "answer":
            print("< byte " + text_of(self.conn.take(int(rest or 1))))
        elif verb == "read":
            self.say(self.conn.read_until(rest or "Z"))
        elif verb == "end":
            self.say(self.conn.ended())
            self.conn.close()
            del self.conns[self.name]
        elif verb == "cancel":
            other = w.Conn()
            other.send(w.i32(16) + w.i32(w.CANCEL) + struct.pack(">II", self.conn.pid, self.conn.key ^ int(rest or 0)))
            print("< " + "".join(show(k, b) for k, b in other.ended()))
        elif verb == "until":
            self.until(rest)
        elif verb == "sleep":
            time.sleep(float(rest))
        else:
            data = self.message(verb, rest)
            if data is None:
                raise ValueError("what is: " + line)
            self.conn.send(data)

    def run(self):
        for line in self.lines:
            if not line.strip():
                continue
            print(line if line.startswith("#") else "> " + line)
            if not line.startswith("#"):
                self.line(line)
        for conn in self.conns.values():
            conn.close()


def main():
    try:
        Script(sys.argv[1]).run()
    except w.Closed:
        print("< -- closed --")
    except TimeoutError:
        print("< -- no answer --")


if __name__ == "__main__":
    main()
