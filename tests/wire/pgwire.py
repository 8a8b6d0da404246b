"""A raw PostgreSQL protocol client: bytes of messages in and out, no help and no checks in between.

Where the server is: WIRE_SOCKET_DIR, WIRE_PORT (Unix socket, no password needed). WIRE_TCP_PORT and WIRE_PASSWORD
for the password exchange.
"""

import base64
import hashlib
import hmac
import os
import socket
import struct

VERSION_3 = 196608
CANCEL = 80877102
SSL = 80877103
GSSENC = 80877104

TIMEOUT = float(os.environ.get("WIRE_TIMEOUT", "20"))


class Closed(Exception):
    """The server closed the connection."""


def i16(n):
    return struct.pack(">h", n)


def i32(n):
    return struct.pack(">i", n)


def cstr(text):
    return (text if isinstance(text, bytes) else text.encode()) + b"\0"


def message(kind, body=b""):
    kind = kind if isinstance(kind, bytes) else kind.encode()
    return kind + i32(len(body) + 4) + body


def startup(pairs, code=VERSION_3):
    body = i32(code) + b"".join(cstr(k) + cstr(v) for k, v in pairs) + b"\0"
    return i32(len(body) + 4) + body


def query(sql):
    return message("Q", cstr(sql))


def parse(name, sql, types=()):
    return message("P", cstr(name) + cstr(sql) + i16(len(types)) + b"".join(struct.pack(">I", t) for t in types))


def bind(portal, statement, params=(), param_formats=(), result_formats=()):
    body = cstr(portal) + cstr(statement) + i16(len(param_formats)) + b"".join(map(i16, param_formats))
    body += i16(len(params))
    for p in params:
        body += i32(-1) if p is None else i32(len(p)) + p
    return message("B", body + i16(len(result_formats)) + b"".join(map(i16, result_formats)))


def describe(kind, name=""):
    return message("D", kind.encode() + cstr(name))


def close(kind, name=""):
    return message("C", kind.encode() + cstr(name))


def execute(portal="", rows=0):
    return message("E", cstr(portal) + i32(rows))


SYNC = message("S")
FLUSH = message("H")
TERMINATE = message("X")


def error_fields(body):
    fields = {}
    for part in body[:-1].split(b"\0")[:-1]:
        fields[part[:1].decode()] = part[1:].decode("utf-8", "replace")
    return fields


class Conn:
    """One connection; nothing is sent before it is asked for."""

    def __init__(self, tcp=False):
        if tcp:
            self.sock = socket.create_connection(("127.0.0.1", int(os.environ["WIRE_TCP_PORT"])), TIMEOUT)
        else:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(TIMEOUT)
            self.sock.connect(f"{os.environ['WIRE_SOCKET_DIR']}/.s.PGSQL.{os.environ['WIRE_PORT']}")
        self.pid = self.key = 0
        self.buffer = b""

    def send(self, data):
        """False when the server has gone meanwhile."""
        try:
            self.sock.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def fill(self, n):
        while len(self.buffer) < n:
            try:
                got = self.sock.recv(65536)
            except (ConnectionResetError, BrokenPipeError):
                got = b""
            if not got:
                raise Closed(self.buffer)
            self.buffer += got

    def take(self, n):
        self.fill(n)
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def read(self):
        """The next message: (type, body)."""
        kind, length = struct.unpack(">cI", self.take(5))
        return kind.decode("latin-1"), self.take(length - 4)

    def read_until(self, kinds="Z"):
        """All messages up to the first of these types; up to the end when the server closes."""
        got = []
        try:
            while not got or got[-1][0] not in kinds:
                got.append(self.read())
        except Closed:
            got.append(("closed", b""))
        return got

    def login(self, pairs=(("user", "postgres"), ("database", "postgres"))):
        self.send(startup(pairs))
        got = self.read_until("ZE")
        for kind, body in got:
            if kind == "K":
                self.pid, self.key = struct.unpack(">II", body)
        return got

    def ask(self, data):
        self.send(data)
        return self.read_until()

    def ended(self):
        """What comes until the server closes: a list of messages."""
        return self.read_until("")

    def close(self):
        self.sock.close()


class Scram:
    """The client's side of SCRAM-SHA-256, one message at a time so that tests can bend each."""

    def __init__(self, password, nonce="rOprNGfwEbeRWgbNEkqO"):
        self.password = password.encode()
        self.first = f"n=,r={nonce}"

    def initial(self, mechanism="SCRAM-SHA-256"):
        data = ("n,," + self.first).encode()
        return message("p", cstr(mechanism) + i32(len(data)) + data)

    def final(self, server_first):
        fields = dict(part.split("=", 1) for part in server_first.decode().split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(fields["s"]), int(fields["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = f"c=biws,r={fields['r']}"
        auth = f"{self.first},{server_first.decode()},{without_proof}".encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), auth, "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()
        return message("p", f"{without_proof},p={proof}".encode())
