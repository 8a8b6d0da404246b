"""The two servers of a comparison: how each is started, ended, and what it used."""

import os
import shutil
import signal
import socket
import subprocess
import time

import psycopg2

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TICKS = os.sysconf("SC_CLK_TCK")


def read_stat(pid):
    """Parent and CPU ticks of a process: (ppid, own, reaped children), or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    numbers = [int(field) for field in fields[1:15]]
    return numbers[0], numbers[10] + numbers[11], numbers[12] + numbers[13]


def process_tree(root):
    """Pids of a process and its living descendants."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = read_stat(int(name))
            if stat:
                parents[int(name)] = stat[0]
    tree = [root]
    for pid in tree:
        tree += [child for child, parent in parents.items() if parent == pid]
    return tree


def startup_packet():
    body = b"\0\3\0\0user\0postgres\0database\0postgres\0\0"
    return (len(body) + 4).to_bytes(4, "big") + body


def read_until_ready(sock):
    """Read messages until ReadyForQuery; raises on an error message or the end of the connection."""
    data = b""
    while True:
        while len(data) >= 5 and len(data) >= 1 + int.from_bytes(data[1:5], "big"):
            kind, length = data[:1], 1 + int.from_bytes(data[1:5], "big")
            if kind == b"E":
                raise RuntimeError(repr(data[:length]))
            data = data[length:]
            if kind == b"Z":
                return
        more = sock.recv(65536)
        if not more:
            raise ConnectionError("the server closed the connection")
        data += more


def query_packet(sql):
    body = sql.encode() + b"\0"
    return b"Q" + (len(body) + 4).to_bytes(4, "big") + body


class Server:
    """What both have in common. `socket_dir` and `pid` are set by start()."""

    name = ""
    port = 5432

    def dsn(self):
        return f"postgresql://postgres@/postgres?host={self.socket_dir}&port={self.port}"

    def connect(self):
        conn = psycopg2.connect(self.dsn())
        conn.autocommit = True
        return conn

    def sql(self, *statements):
        """Run statements; returns the first column of the last one's first row, if it has rows."""
        conn = self.connect()
        try:
            with conn.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                row = cursor.fetchone() if cursor.description else None
                return row and row[0]
        finally:
            conn.close()

    def raw_connect(self):
        """A connection without a client library, ready for queries."""
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(f"{self.socket_dir}/.s.PGSQL.{self.port}")
        sock.sendall(startup_packet())
        read_until_ready(sock)
        return sock

    def wait_answer(self, since, limit=120):
        """Seconds from `since` until a first `SELECT 1` was answered."""
        while time.monotonic() - since < limit:
            try:
                with self.raw_connect() as sock:
                    sock.sendall(query_packet("SELECT 1"))
                    read_until_ready(sock)
                return time.monotonic() - since
            except (OSError, RuntimeError):
                time.sleep(0.001)
        raise RuntimeError(f"{self.name} does not answer")

    def cpu_seconds(self):
        """CPU used so far by all processes of the server, ended ones included."""
        ticks = 0
        for pid in process_tree(self.pid):
            stat = read_stat(pid)
            if stat:
                ticks += stat[1] + stat[2]
        return ticks / TICKS

    def memory_kib(self):
        """Memory of all processes, shared pages counted once (PSS)."""
        total = 0
        for pid in process_tree(self.pid):
            try:
                with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                    total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
            except OSError:
                pass
        return total

    def io_bytes(self):
        """Bytes the living processes of the server have read from and written to the device."""
        total = [0, 0]
        for pid in process_tree(self.pid):
            try:
                with open(f"/proc/{pid}/io", encoding="ascii") as file:
                    fields = dict(line.split(": ") for line in file)
            except OSError:
                continue
            total[0] += int(fields["read_bytes"])
            total[1] += int(fields["write_bytes"])
        return total

    def wal_bytes(self):
        """Bytes of log written so far."""
        high, low = self.sql("SELECT pg_current_wal_lsn()::text").split("/")
        return (int(high, 16) << 32) + int(low, 16)


def directory_bytes(*paths):
    """Bytes of all files below directories that are there while we look."""
    total = 0
    for path in paths:
        for where, _, names in os.walk(path):
            for name in names:
                try:
                    total += os.stat(os.path.join(where, name)).st_size
                except OSError:
                    pass
    return total


class Dassie(Server):
    name = "dassie"

    def __init__(self, work, **settings):
        self.socket_dir = os.path.join(work, "dassie")
        self.file = os.path.join(self.socket_dir, "bench.db")
        self.settings = settings
        self.process = None
        os.makedirs(self.socket_dir, exist_ok=True)

    def start(self):
        """Start it; returns the seconds until the first answer."""
        command = [os.path.join(ROOT, "build/dassie"), "serve", self.file, "--listen", "none"]
        command += ["--socket-dir", self.socket_dir, "--quiet"]
        for key, value in self.settings.items():
            command += ["--set", f"{key}={value}"]
        log = open(os.path.join(self.socket_dir, "log"), "ab")
        began = time.monotonic()
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.pid = self.process.pid
        log.close()
        return self.wait_answer(began)

    def file_bytes(self):
        """Size of the database file."""
        return os.stat(self.file).st_size

    def log_bytes(self):
        """Size of the log kept on disk."""
        return directory_bytes(f"{self.file}-wal")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def end(self):
        """End it; its files stay."""
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None

    def stop(self):
        """End it and remove its files."""
        self.end()
        shutil.rmtree(self.socket_dir, ignore_errors=True)


class Postgres(Server):
    name = "PostgreSQL"

    def __init__(self, work, **settings):
        self.socket_dir = os.path.join(work, "postgres")
        self.settings = settings
        self.created = os.path.exists(f"{self.socket_dir}/data/PG_VERSION")

    def tool(self, *arguments):
        subprocess.run([os.path.join(ROOT, "tools/oracle.sh"), *arguments], check=True, stdout=subprocess.DEVNULL)

    def start(self):
        """Create the cluster the first time, start it the next; seconds until the first answer."""
        began = time.monotonic()
        if not self.created:
            options = [word for key, value in self.settings.items() for word in ("-c", f"{key}={value}")]
            self.tool("start", self.socket_dir, "--durable", *options)
            self.created = True
            took = self.wait_answer(began)
        else:
            self.control("start", "-W", "-l", f"{self.socket_dir}/data/server.log")
            took = self.wait_answer(began)
        with open(f"{self.socket_dir}/data/postmaster.pid", encoding="ascii") as file:
            self.pid = int(file.readline())
        return took

    def control(self, verb, *options):
        command = ["/usr/lib/postgresql/15/bin/pg_ctl", "-D", f"{self.socket_dir}/data", *options, verb]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def file_bytes(self):
        """Size of tables, indexes and what belongs to them."""
        return directory_bytes(f"{self.socket_dir}/data/base", f"{self.socket_dir}/data/global")

    def log_bytes(self):
        """Size of the log kept on disk."""
        return directory_bytes(f"{self.socket_dir}/data/pg_wal")

    def kill(self):
        """End all its processes at once, as a crash would."""
        for pid in process_tree(self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while os.access(f"/proc/{self.pid}/exe", os.R_OK):
            time.sleep(0.01)
        # A zombie that init has not collected yet would count as the owner of these.
        os.unlink(f"{self.socket_dir}/data/postmaster.pid")
        os.unlink(f"{self.socket_dir}/.s.PGSQL.{self.port}.lock")

    def end(self):
        """End it; its files stay."""
        self.control("stop", "-w", "-m", "fast")

    def stop(self):
        """End it and remove its files."""
        if self.created:
            self.tool("stop", self.socket_dir)
            self.created = False
