"""Bad input to the whole server: files it must refuse and leave alone, a full disk, limits, time-outs, its own end.

Each test has files and servers of its own; a refused file must be byte for byte what it was.
"""

import hashlib
import json
import os
import pty
import random
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

import psycopg2
from psycopg2 import errors

DASSIE = os.environ["DASSIE"]
WORK = os.environ["INPUT_WORK"]
BEND = os.environ["INPUT_BEND"]
SMALL = os.environ.get("INPUT_SMALL")
PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"
PAGE = 8192
ASAN = "asan" in DASSIE


class Server:
    """One server process on a socket directory of its own."""

    count = 0

    def __init__(self, file, *options, preexec=None):
        Server.count += 1
        self.dir = os.path.join(WORK, f"s{Server.count}")
        os.mkdir(self.dir)
        self.file = file
        self.log_path = os.path.join(self.dir, "log")
        command = [DASSIE, "serve", file, "--listen", "none", "--socket-dir", self.dir]
        # The cases look at the process and its end.
        command += ["--set", "restart_after_crash=off"]
        for option in options:
            command += ["--set", option]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=preexec)
        end = time.monotonic() + 30
        while True:
            try:
                self.connect().close()
                return
            except psycopg2.OperationalError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise AssertionError("the server does not come up: " + self.log()) from None
                time.sleep(0.02)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()[-3000:]

    def connect(self, autocommit=True, **options):
        conn = psycopg2.connect(host=self.dir, user="postgres", dbname="postgres", **options)
        conn.autocommit = autocommit
        return conn

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.wait()


class InputTest(unittest.TestCase):
    maxDiff = None

    def path(self, name):
        self.dir = getattr(self, "dir", None) or os.path.join(WORK, self.id().rsplit(".", 1)[-1])
        os.makedirs(self.dir, exist_ok=True)
        return os.path.join(self.dir, name)

    def server(self, file, *options, **more):
        server = Server(file, *options, **more)
        self.addCleanup(server.stop)
        return server

    def refused(self, file, text, *arguments, check=1):
        """Serving and checking the file fail with this text, checking with this exit code; neither changes anything."""
        before = digest(file)
        for command in (("serve", file, "--listen", "none", "--socket-dir", os.path.dirname(file), *arguments), ("check", file)):
            done = subprocess.run([DASSIE, *command], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, check if command[0] == "check" else 1, command)
            self.assertIn(text, done.stderr)
        self.assertEqual(digest(file), before)

    def database(self, name="good.db", rows=2000, stop="term"):
        """A file with a table t of `rows` rows, not served."""
        server = Server(self.path(name))
        with server.connect().cursor() as cursor:
            cursor.execute("CREATE TABLE t (a int PRIMARY KEY, b text)")
            cursor.execute("INSERT INTO t SELECT n, repeat('x', 100) FROM generate_series(1, %s) n", (rows,))
        if stop == "term":
            self.assertEqual(server.stop(), 0)
        else:
            server.kill()
        return self.path(name)

    def fresh_copy(self, path):
        """bad.db, a copy of this file and nothing else."""
        bad = self.path("bad.db")
        for old in (bad, bad + "-dwb"):
            if os.path.exists(old):
                os.remove(old)
        shutil.rmtree(bad + "-wal", ignore_errors=True)
        shutil.copy(path, bad)
        return bad


def digest(path):
    """Names, sizes and contents of the file and everything beside it that has its name."""
    folder, name = os.path.split(path)
    out = {}
    for entry in sorted(os.listdir(folder)):
        full = os.path.join(folder, entry)
        if entry.startswith(name) and os.path.isfile(full):
            with open(full, "rb") as f:
                out[entry] = hashlib.sha256(f.read()).hexdigest()
        elif entry.startswith(name):
            out[entry] = sorted((e, os.path.getsize(os.path.join(full, e))) for e in os.listdir(full))
    return out


def one(conn, sql, parameters=None):
    with conn.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


def last_words(conn):
    """What the server said on an idle connection before it closed it; libpq itself does not look."""
    said = b""
    with socket.socket(fileno=os.dup(conn.fileno())) as sock:
        sock.settimeout(10)
        while True:
            data = sock.recv(10000)
            if not data:
                return said.decode(errors="replace")
            said += data


def run(conn, sql, parameters=None):
    with conn.cursor() as cursor:
        cursor.execute(sql, parameters)


class Files(InputTest):
    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)

    def overwrite(self, path, offset, data):
        with open(path, "r+b") as f:
            f.seek(offset)
            f.write(data)

    def test_not_ours(self):
        for name, data in (
            ("text", b"hello world\n"),
            ("empty", b""),
            ("one byte", b"d"),
            ("noise", os.urandom(100000)),
            ("zeros", bytes(100000)),
            ("sqlite", b"SQLite format 3\0" + bytes(8176)),
            ("magic only", b"dassie\0\1"),
        ):
            with self.subTest(name):
                path = self.write(name.replace(" ", "_") + ".db", data)
                self.refused(path, "is not a dassie database file")

    def test_not_a_file(self):
        os.mkdir(self.path("folder.db"))
        done = subprocess.run([DASSIE, "serve", self.path("folder.db")], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Is a directory", done.stderr)
        done = subprocess.run([DASSIE, "serve", self.path("no/such/x.db")], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No such file or directory", done.stderr)
        done = subprocess.run([DASSIE, "check", self.path("none.db")], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertFalse(os.path.exists(self.path("none.db")))

    def test_newer_format(self):
        for what, value, text in (
            ("format", "4000000000", "has file format 4000000000"),
            ("features", "1", "file format"),
            ("pagesize", "65536", "has pages of 65536 bytes"),
        ):
            with self.subTest(what):
                path = self.database(what + ".db", rows=10)
                subprocess.run([BEND, path, what, value], check=True)
                self.refused(path, text, check=2)

    def test_damaged_header(self):
        path = self.database()
        self.overwrite(path, 50, b"\xaa" * 16)  # one copy: the other one serves
        server = self.server(path)
        self.assertEqual(one(server.connect(), "SELECT count(*) FROM t"), 2000)
        self.assertEqual(server.stop(), 0)
        for copy in range(2):
            self.overwrite(path, copy * 4096 + 50, b"\xaa" * 16)
        self.refused(path, "the header of")

    def test_cut_file(self):
        path = self.database()
        size = os.path.getsize(path)
        for keep in (100, 4096, 8192, PAGE * 2, size // 2, size - 100):
            with self.subTest(keep=keep):
                cut = self.path(f"cut{keep}.db")
                shutil.copy(path, cut)
                os.truncate(cut, keep)
                self.no_wrong_answers(cut)

    def no_wrong_answers(self, path):
        """A damaged file is refused, or its damaged parts give XX001, and `check` says that it is damaged."""
        try:
            server = Server(path)
        except AssertionError as refused:
            self.assertRegex(str(refused), "XX001|58030", str(refused))
            return
        try:
            conn = server.connect()
            try:
                self.assertEqual(one(conn, "SELECT count(*) FROM t"), 2000)
                self.assertEqual(one(conn, "SELECT sum(a) FROM t WHERE b = repeat('x', 100)"), 2001000)
            except psycopg2.Error as error:
                self.assertRegex(str(error.pgcode), "XX00[0-2]|42P01|58030", str(error))
                self.assertEqual(one(conn, "SELECT 1"), 1)
        finally:
            self.assertIsNone(server.process.poll(), "the server died: " + server.log())
            server.kill()

    def test_damaged_pages(self):
        """Every page of the file in turn: an error for those who need it, no crash, no wrong answer."""
        path = self.database(rows=2000)
        pages = os.path.getsize(path) // PAGE
        chosen = range(1, pages) if os.environ.get("CHECK_ALL") else sorted({1, 2, 3, 4, 5, 6, 8, 12, pages // 2, pages - 2, pages - 1})
        for page in chosen:
            with self.subTest(page=page):
                bad = self.path("bad.db")
                for old in (bad, bad + "-dwb"):
                    if os.path.exists(old):
                        os.remove(old)
                shutil.rmtree(bad + "-wal", ignore_errors=True)
                shutil.copy(path, bad)
                self.overwrite(bad, page * PAGE + 200, os.urandom(64))
                done = subprocess.run([DASSIE, "check", bad], capture_output=True, text=True, timeout=60, check=False)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                self.no_wrong_answers(bad)

    def test_damaged_values(self):
        """Bytes of arrays and numerics changed on pages whose checksum is right: XX001 or a value, never the end."""
        rows = 200
        path = self.path("values.db")
        server = Server(path)
        with server.connect().cursor() as cursor:
            cursor.execute("CREATE TABLE v (id int PRIMARY KEY, a text[], n numeric[], i int[], d numeric)")
            cursor.execute(
                "INSERT INTO v SELECT k, ARRAY['mark' || lpad(k::text, 4, '0'), NULL, 'x'], ARRAY[k, NULL, 1.5], "
                "ARRAY[[k, 2], [3, 4]], k * 1.25 FROM generate_series(1, %s) k",
                (rows,),
            )
            cursor.execute("CREATE INDEX v_n ON v (n)")
        self.assertEqual(server.stop(), 0)
        with open(path, "rb") as f:
            data = f.read()
        errors_seen = 0
        for byte in (0, 0x81, 0xFF):
            bad = self.path("bad.db")
            shutil.copy(path, bad)
            for k in range(1, rows + 1):
                at = data.index(b"mark%04d" % k) - 25 + k - 1  # from the head of the array on, another byte in each row
                subprocess.run([BEND, bad, "page", str(at // PAGE), str(at % PAGE), str(byte)], check=True)
            done = subprocess.run([DASSIE, "check", bad], capture_output=True, text=True, timeout=60, check=False)
            self.assertIn(done.returncode, (0, 1), done.stderr)
            server = Server(bad)
            conn = server.connect()
            for k in range(1, rows + 1):
                for sql in (
                    "SELECT a, n, i, d, a || 'y'::text, n[3] + 1, d * 2, i[1:1], cardinality(a), a = n::text[] FROM v WHERE id = %s",
                    "SELECT sum(x) FROM v, unnest(n) x WHERE id = %s",
                    "UPDATE v SET n = n || 1, d = d + 1 WHERE id = %s",
                    "DELETE FROM v WHERE id = %s",
                ):
                    try:
                        run(conn, sql, (k,))
                    except psycopg2.Error as error:
                        self.assertRegex(str(error.pgcode), "XX00[12]|2[23]...|42...", "%s: %s" % (sql, error))
                        errors_seen += error.pgcode == "XX001"
            for sql in ("SELECT count(a) FROM v", "ANALYZE v", "CREATE INDEX v_a ON v (a)"):
                try:
                    run(conn, sql)
                except errors.DataCorrupted:
                    pass
            self.assertIsNone(server.process.poll(), "the server died: " + server.log())
            server.kill()
            shutil.rmtree(bad + "-wal", ignore_errors=True)
        self.assertGreater(errors_seen, 100)

    def check_json(self, path):
        """`dassie check --json`: its exit code and its lines; never a crash."""
        done = subprocess.run([DASSIE, "check", path, "--json"], capture_output=True, text=True, timeout=120, check=False)
        self.assertIn(done.returncode, (0, 1, 2), done.stderr[-2000:])
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(lines[-1]["type"], "summary")
        self.assertEqual(lines[-1]["exit_code"], done.returncode)
        return done.returncode, lines

    def test_check_names_damage(self):
        """A sound file has no findings; a page with wrong bytes is named."""
        path = self.database(rows=2000)
        code, lines = self.check_json(path)
        self.assertEqual((code, lines[-1]["errors"]), (0, 0))
        self.assertEqual({line["phase"] for line in lines if line["type"] == "progress"} & {"pages"}, {"pages"})
        with open(path, "rb") as file:
            data = file.read()
        leaf = next(p for p in range(2, len(data) // PAGE) if data[p * PAGE + 4] == 6 and data[p * PAGE + 6] > 20)
        bad = self.fresh_copy(path)
        self.overwrite(bad, leaf * PAGE + 4000, os.urandom(64))
        code, lines = self.check_json(bad)
        self.assertEqual(code, 1)
        self.assertIn(leaf, [line.get("page") for line in lines if line["type"] == "finding"])

    def test_check_changes_nothing(self):
        """A file that was not shut down is checked as recovery would leave it, by one who may only read it."""
        path = self.database(rows=20000, stop="kill")
        before = digest(path)
        for _ in range(2):
            code, lines = self.check_json(path)
            self.assertEqual((code, lines[-1]["errors"], lines[-1]["recovered"]), (0, 0, True))
            self.assertIn("not changed", [line["text"] for line in lines if line["type"] == "recovery"][0])
            self.assertEqual({line["phase"] for line in lines if line["type"] == "progress"}, {"open", "pages", "trees", "indexes", "space"})
        if os.getuid() == 0:  # root may write what it likes: another user, who may read the files
            subprocess.run(["chmod", "-R", "a+rX", WORK], check=True)
            done = subprocess.run(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", DASSIE, "check", path],
                capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "TMPDIR": "/tmp"},
            )
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(digest(path), before)
        done = subprocess.run([DASSIE, "check", path], capture_output=True, text=True, env={**os.environ, "TMPDIR": "/no/such"}, check=False)
        self.assertEqual(done.returncode, 2, done.stdout)
        done = subprocess.run([DASSIE, "check", path, "--reclaim"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("has been recovered", done.stdout)
        code, lines = self.check_json(path)
        self.assertEqual((code, lines[-1]["recovered"]), (0, False))
        self.assertFalse(os.path.exists(path + "-wal"))

    def test_check_shows_progress(self):
        """A bar on a terminal's stderr, which is gone at the end; nothing of it in the report."""
        path = self.database(rows=2000)
        mine, theirs = pty.openpty()
        with subprocess.Popen([DASSIE, "check", path], stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
            os.close(theirs)
            shown = b""
            while True:
                try:
                    data = os.read(mine, 10000)
                except OSError:
                    break
                if not data:
                    break
                shown += data
            said = process.stdout.read()
        os.close(mine)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"100%", shown)
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-60:])
        self.assertEqual(said, f"{path}: 0 errors found\n")

    def test_check_lives_through_noise(self):
        """Bytes changed anywhere under checksums made anew: findings or none, but an end."""
        path = self.database(rows=2000)
        pages = os.path.getsize(path) // PAGE
        noise = random.Random(int(os.environ.get("INPUT_SEED", "7")))
        found = 0
        for _ in range(300 if os.environ.get("CHECK_ALL") else 40):
            page, offset = noise.randrange(1, pages), noise.randrange(4, PAGE)
            with self.subTest(page=page, offset=offset):
                bad = self.fresh_copy(path)
                subprocess.run([BEND, bad, "byte", str(page * PAGE + offset)], check=True)
                found += self.check_json(bad)[0] == 1
        self.assertGreater(found, 0)

    def test_damaged_log(self):
        """Noise in the log of a server that was killed: what lies behind it is not invented."""
        path = self.database(stop="kill")
        wal = path + "-wal"
        segments = sorted(e for e in os.listdir(wal) if e.endswith(".wal"))
        self.assertTrue(segments)
        self.overwrite(os.path.join(wal, segments[0]), 8192 + 100, os.urandom(512))
        try:
            server = Server(path)
        except AssertionError as refused:
            self.assertRegex(str(refused), "XX001|log|damaged")
            return
        conn = server.connect()
        try:
            self.assertLessEqual(one(conn, "SELECT count(*) FROM t"), 2000)
        except errors.UndefinedTable:
            pass
        self.assertEqual(server.stop(), 0)
        subprocess.run([DASSIE, "check", path], check=True, stdout=subprocess.DEVNULL)

    def test_log_lost(self):
        """A file that needs its log is refused without it."""
        path = self.database(stop="kill")
        shutil.rmtree(path + "-wal")
        self.refused(path, "the log \"" + path + "-wal\" is missing")

    def test_served_twice(self):
        path = self.path("twice.db")
        server = self.server(path)
        conn = server.connect()
        run(conn, "CREATE TABLE t (a int)")
        other = self.path("other")
        os.mkdir(other)
        for command in (("serve", path, "--listen", "none", "--socket-dir", other), ("check", path)):
            done = subprocess.run([DASSIE, *command], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 2 if command[0] == "check" else 1)
            self.assertIn("is already served by another process", done.stderr)
            self.assertEqual("dassie_check()" in done.stderr, command[0] == "check")
        run(conn, "INSERT INTO t VALUES (1)")
        self.assertEqual(one(conn, "SELECT count(*) FROM t"), 1)
        self.assertTrue(os.path.exists(path + "-run"))

    def test_socket_taken(self):
        server = self.server(self.path("a.db"))
        done = subprocess.run(
            [DASSIE, "serve", self.path("b.db"), "--listen", "none", "--socket-dir", server.dir],
            capture_output=True, text=True, timeout=30, check=False,
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("already listens", done.stderr)
        self.assertEqual(one(server.connect(), "SELECT 1"), 1)

    def test_command_line(self):
        for arguments in (
            (),
            ("serve",),
            ("nosuch",),
            ("serve", "--listen"),
            ("serve", self.path("x.db"), "--listen", "127.0.0.1:99999"),
            ("serve", self.path("x.db"), "--nosuch", "1"),
            ("serve", self.path("x.db"), "--set", "novalue"),
            ("serve", self.path("x.db"), "--set", "nosuch=1"),
            ("serve", self.path("x.db"), "--set", "work_mem=abc"),
            ("serve", self.path("x.db"), "--password-file", self.path("nosuch")),
        ):
            with self.subTest(arguments):
                done = subprocess.run([DASSIE, *arguments], capture_output=True, text=True, timeout=30, check=False)
                self.assertIn(done.returncode, (1, 2))
                self.assertTrue(done.stderr)


class FullDisk(InputTest):
    """Statements that find no room fail with 53100; the server goes on, and works again when there is room."""

    def fill(self, conn):
        """Insert until the disk is full; returns the number of rows that were acknowledged."""
        rows = 0
        with self.assertRaises(errors.DiskFull) as caught:
            for _ in range(400):
                run(conn, "INSERT INTO f SELECT n + %s, repeat(md5(n::text), 30) FROM generate_series(1, 1000) n", (rows,))
                rows += 1000
        self.assertIn("could not extend file", caught.exception.diag.message_primary)
        self.assertEqual(caught.exception.diag.message_hint, "Check free disk space.")
        return rows

    def on_full_disk(self, server, make_room):
        conn = server.connect()
        run(conn, "CREATE TABLE f (a int PRIMARY KEY, b text)")
        rows = self.fill(conn)
        self.assertEqual(one(conn, "SELECT count(*) FROM f"), rows)
        other = server.connect()
        self.assertEqual(one(other, "SELECT count(*) FROM f WHERE a % 7 = 0"), rows // 7)
        for _ in range(20):
            with self.assertRaises(errors.DiskFull):
                run(other, "INSERT INTO f SELECT n + 10000000, repeat('y', 1000) FROM generate_series(1, 20000) n")
        self.assertEqual(one(conn, "SELECT count(*) FROM f"), rows)
        make_room()
        for n in range(50):  # room is noticed at the latest when the next statement asks
            try:
                run(conn, "INSERT INTO f VALUES (%s, 'z')", (20000000 + n,))
                break
            except errors.DiskFull:
                time.sleep(0.1)
        run(conn, "INSERT INTO f SELECT n + 30000000, repeat('y', 1000) FROM generate_series(1, 5000) n")
        self.assertEqual(one(conn, "SELECT count(*) FROM f"), rows + 5001)
        self.assertEqual(server.stop(), 0, server.log())
        subprocess.run([DASSIE, "check", server.file], check=True, stdout=subprocess.DEVNULL)
        again = self.server(server.file)
        self.assertEqual(one(again.connect(), "SELECT count(*) FROM f"), rows + 5001)

    def test_file_limit(self):
        limit = 24 << 20

        def lower():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

        server = self.server(self.path("limit.db"), preexec=lower)
        self.on_full_disk(
            server,
            lambda: resource.prlimit(
                server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            ),
        )

    @unittest.skipUnless(SMALL, "a small file system can only be mounted as root")
    def test_small_file_system(self):
        ballast = os.path.join(SMALL, "ballast")
        with open(ballast, "wb") as f:
            f.write(bytes(20 << 20))
        server = self.server(os.path.join(SMALL, "small.db"), "shared_buffers=8MB")
        self.on_full_disk(server, lambda: os.remove(ballast))

    @unittest.skipUnless(SMALL, "a small file system can only be mounted as root")
    def test_killed_while_full(self):
        for entry in os.listdir(SMALL):
            full = os.path.join(SMALL, entry)
            shutil.rmtree(full) if os.path.isdir(full) else os.remove(full)
        ballast = os.path.join(SMALL, "ballast")
        with open(ballast, "wb") as f:
            f.write(bytes(20 << 20))
        server = self.server(os.path.join(SMALL, "killed.db"), "shared_buffers=8MB")
        conn = server.connect()
        run(conn, "CREATE TABLE f (a int PRIMARY KEY, b text)")
        rows = self.fill(conn)
        server.kill()
        os.remove(ballast)
        again = self.server(os.path.join(SMALL, "killed.db"))
        self.assertEqual(one(again.connect(), "SELECT count(*) FROM f"), rows)


class Limits(InputTest):
    def test_connections(self):
        server = self.server(self.path("x.db"), "max_connections=5")
        conns = []
        with self.assertRaises(psycopg2.OperationalError) as caught:
            for _ in range(20):
                conns.append(server.connect())
        self.assertIn("sorry, too many clients already", str(caught.exception))
        self.assertEqual(len(conns), 5)
        conns.pop().close()
        deadline = time.monotonic() + 5
        while True:
            try:
                conns.append(server.connect())
                break
            except psycopg2.OperationalError:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
        for conn in conns:
            self.assertEqual(one(conn, "SELECT 1"), 1)

    @unittest.skipIf(ASAN, "the sanitizer's own memory is not the server's")
    def test_many_idle_connections(self):
        """Idle connections cost a few KiB each, and give them back."""
        count = 3000
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < count + 1000:
            self.skipTest("not enough descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        server = self.server(self.path("x.db"))
        startup = b"\0\0\0\x17\0\3\0\0user\0postgres\0\0"
        query = b"Q\0\0\0\x0dSELECT 1\0"
        pid = server.process.pid

        def resident():
            with open(f"/proc/{pid}/status", encoding="utf-8") as f:
                return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))

        def read_ready(sock):
            data = b""
            while data[-6:-1] != b"Z\0\0\0\5":
                got = sock.recv(65536)
                self.assertTrue(got)
                data += got

        self.assertEqual(one(server.connect(), "SELECT 1"), 1)
        before, descriptors = resident(), len(os.listdir(f"/proc/{pid}/fd"))
        socks = []
        for _ in range(count):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(os.path.join(server.dir, ".s.PGSQL.5432"))
            sock.sendall(startup + query)
            read_ready(sock)
            socks.append(sock)
        time.sleep(0.2)
        self.assertLess((resident() - before) / count, 20)
        for sock in socks:
            sock.close()
        deadline = time.monotonic() + 10
        while len(os.listdir(f"/proc/{pid}/fd")) > descriptors and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertLessEqual(len(os.listdir(f"/proc/{pid}/fd")), descriptors)
        while resident() - before >= 30000 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertLess(resident() - before, 30000)

    def test_unsupported_names_the_feature(self):
        server = self.server(self.path("x.db"))
        conn = server.connect()
        for sql, name in (
            ("CREATE AGGREGATE a (int) (SFUNC = int4pl, STYPE = int)", "CREATE AGGREGATE"),
            ("CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION f()", "CREATE EVENT TRIGGER"),
            ("CREATE FOREIGN DATA WRAPPER w", "CREATE FOREIGN DATA WRAPPER"),
            ("CREATE PUBLICATION p", "CREATE PUBLICATION"),
            ("CREATE TABLESPACE ts LOCATION '/tmp'", "CREATE TABLESPACE"),
            ("SECURITY LABEL ON TABLE pg_class IS 'x'", "SECURITY LABEL"),
            ("COPY pg_class TO PROGRAM 'cat'", "COPY"),
        ):
            with self.subTest(sql):
                with self.assertRaises(errors.FeatureNotSupported) as caught:
                    run(conn, sql)
                self.assertIn(name, caught.exception.diag.message_primary)
                self.assertEqual(one(conn, "SELECT 1"), 1)

    def test_statement_timeout(self):
        server = self.server(self.path("x.db"))
        conn = server.connect(options="-c statement_timeout=200ms")
        for sql in ("SELECT pg_sleep(30)", "SELECT count(*) FROM generate_series(1, 200000) a, generate_series(1, 200000) b WHERE a + b < 0"):
            started = time.monotonic()
            with self.assertRaises(errors.QueryCanceled) as caught:
                run(conn, sql)
            self.assertEqual(caught.exception.diag.message_primary, "canceling statement due to statement timeout")
            self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(one(conn, "SELECT 1"), 1)

    def test_lock_timeout(self):
        server = self.server(self.path("x.db"))
        holder, waiter = server.connect(autocommit=False), server.connect()
        run(waiter, "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)")
        run(holder, "UPDATE t SET a = 2")
        run(waiter, "SET lock_timeout = '150ms'")
        for sql in ("UPDATE t SET a = 3", "DELETE FROM t", "SELECT * FROM t FOR UPDATE", "INSERT INTO t VALUES (2)", "DROP TABLE t", "LOCK TABLE t"):
            with self.subTest(sql):
                run(waiter, "BEGIN")
                with self.assertRaises(errors.LockNotAvailable) as caught:
                    run(waiter, sql)
                self.assertEqual(caught.exception.diag.message_primary, "canceling statement due to lock timeout")
                run(waiter, "ROLLBACK")
        holder.commit()
        run(waiter, "UPDATE t SET a = 3")

    def ended_by(self, server, conn, code, text, wait):
        time.sleep(wait)
        said = last_words(conn)
        self.assertIn(code, said)
        self.assertIn(text, said)
        self.assertEqual(one(server.connect(), "SELECT 1"), 1)

    def test_idle_timeouts(self):
        server = self.server(self.path("x.db"))
        setup = server.connect()
        run(setup, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
        conn = server.connect(autocommit=False, options="-c idle_in_transaction_session_timeout=200")
        run(conn, "UPDATE t SET a = 2")
        self.ended_by(server, conn, "25P03", "terminating connection due to idle-in-transaction timeout", 0.6)
        run(setup, "SET lock_timeout = '2s'; UPDATE t SET a = 3")  # its lock is gone
        conn = server.connect(options="-c idle_session_timeout=200")
        self.ended_by(server, conn, "57P05", "terminating connection due to idle-session timeout", 0.6)
        conn = server.connect(options="-c idle_session_timeout=2000 -c idle_in_transaction_session_timeout=2000")
        for _ in range(8):
            time.sleep(0.3)
            run(conn, "SELECT 1")
        run(conn, "SELECT pg_sleep(2.4)")
        self.assertEqual(one(conn, "SELECT 1"), 1)

    def test_log_kept_for_others(self):
        """max_wal_retained: who keeps more log than that, and waits for his client, is ended; old snapshots are too."""
        server = self.server(self.path("x.db"), "max_wal_retained=24MB", "max_wal_size=8MB", "shared_buffers=32MB")
        busy = server.connect()
        run(busy, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
        run(busy, "CREATE TABLE f (a int, b text)")
        reader = server.connect(autocommit=False)
        run(reader, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self.assertEqual(one(reader, "SELECT a FROM t"), 1)
        idle = server.connect(autocommit=False)
        run(idle, "UPDATE t SET a = 2")
        young = server.connect(autocommit=False)
        log, deadline = self.path("x.db") + "-wal", time.monotonic() + 60
        while "keeps more log than max_wal_retained" not in server.log() or "snapshots older" not in server.log():
            self.assertLess(time.monotonic(), deadline, server.log())
            run(busy, "INSERT INTO f SELECT n, repeat('x', 1000) FROM generate_series(1, 5000) n")
        self.ended_by(server, idle, "57P01", "terminating connection due to administrator command", 0.1)
        run(busy, "SET lock_timeout = '5s'; UPDATE t SET a = 3")  # its lock is gone, and its change
        with self.assertRaises(psycopg2.Error) as caught:
            for _ in range(100):
                self.assertEqual(one(reader, "SELECT a FROM t"), 1)
                run(busy, "UPDATE t SET a = a + 1")
        self.assertEqual(caught.exception.pgcode, "72000")
        reader.rollback()
        self.assertGreaterEqual(one(reader, "SELECT a FROM t"), 3)
        self.assertEqual(one(young, "SELECT count(*) FROM f") % 5000, 0)
        while sum(os.path.getsize(os.path.join(log, name)) for name in os.listdir(log)) > 160 << 20:
            self.assertLess(time.monotonic(), deadline, os.listdir(log))
            time.sleep(0.2)

    def test_authentication_timeout(self):
        """Who connects and says nothing, or half of it, does not keep a place."""
        server = self.server(self.path("x.db"), "authentication_timeout=1s", "max_connections=8")
        socks = []
        for said in (b"", b"", b"", b"", b"\0\0", b"\0\0\0\x08\x04\xd2\x16\x2f", b"\0\0\0\x20\0\3\0\0user\0"):
            socks.append(socket.socket(socket.AF_UNIX))
            socks[-1].connect(os.path.join(server.dir, ".s.PGSQL.5432"))
            socks[-1].sendall(said)
        time.sleep(2)
        conn = server.connect()
        for sock in socks:
            sock.settimeout(5)
            while sock.recv(100):
                pass
            sock.close()
        time.sleep(1.5)
        self.assertEqual(one(conn, "SELECT 1"), 1)

    def test_terminated(self):
        server = self.server(self.path("x.db"))
        killer = server.connect()
        idle, busy = server.connect(), server.connect()
        pids = [one(c, "SELECT pg_backend_pid()") for c in (idle, busy)]
        with socket.socket(fileno=os.dup(busy.fileno())) as sock:
            sock.sendall(b"Q\0\0\0\x18SELECT pg_sleep(30)\0")
        time.sleep(0.2)
        for pid in pids:
            self.assertTrue(one(killer, "SELECT pg_terminate_backend(%s)", (pid,)))
        for conn in (idle, busy):
            said = last_words(conn)
            self.assertIn("57P01", said)
            self.assertIn("terminating connection due to administrator command", said)

    def test_large_values(self):
        server = self.server(self.path("x.db"))
        conn = server.connect()
        run(conn, "CREATE TABLE big (a int, b text)")
        run(conn, "INSERT INTO big VALUES (1, %s)", ("x" * (20 << 20),))
        self.assertEqual(one(conn, "SELECT length(b) FROM big"), 20 << 20)
        self.assertEqual(one(conn, "SELECT b FROM big"), "x" * (20 << 20))
        with self.assertRaises(psycopg2.Error) as caught:
            run(conn, "SELECT repeat('x', 1000000000) || repeat('y', 1000000000)")
        # As PostgreSQL: invalid memory alloc request size 2000000004.
        self.assertEqual(caught.exception.pgcode, "XX000")
        self.assertEqual(one(conn, "SELECT 1"), 1)


class OnlineCheck(InputTest):
    """dassie_check() on a server at work."""

    def findings(self, conn, relation=None):
        with conn.cursor() as cursor:
            cursor.execute("SELECT relation::text, index::text, page, problem FROM dassie_check(%s)", (relation,))
            return cursor.fetchall()

    def test_rights(self):
        """It reads every table: for superusers, and whom they give EXECUTE."""
        server = self.server(self.path("x.db"))
        conn = server.connect()
        run(conn, "CREATE ROLE clerk")
        run(conn, "SET ROLE clerk")
        with self.assertRaises(errors.InsufficientPrivilege) as caught:
            self.findings(conn)
        self.assertIn("permission denied for function dassie_check", str(caught.exception))
        run(conn, "RESET ROLE")
        run(conn, "GRANT EXECUTE ON FUNCTION dassie_check TO clerk")
        run(conn, "SET ROLE clerk")
        self.assertEqual(self.findings(conn), [])

    def test_under_load(self):
        """Rows and indexes come, go and change meanwhile: nothing is found."""
        server = self.server(self.path("x.db"))
        conn = server.connect()
        run(conn, "CREATE TABLE t (a int PRIMARY KEY, b text, c int)")
        run(conn, "CREATE INDEX t_b ON t (b)")
        run(conn, "CREATE INDEX t_c ON t ((a + c)) WHERE c % 3 = 0")
        run(conn, "INSERT INTO t SELECT n, repeat('x', n % 90) || n, n % 100 FROM generate_series(1, 5000) n")
        done, failures = threading.Event(), []

        def work(number):
            """Its own keys, so that no statement can fail; now and then a roll-back."""
            random.seed(number)
            own = server.connect(autocommit=False)
            while not done.is_set():
                try:
                    key = 10000 * number + random.randrange(3000)
                    many = random.randrange(1, 60)
                    text = random.choice(("%s", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy%s")) % key
                    run(own, "INSERT INTO t SELECT n, n || %s, n %% 7 FROM generate_series(%s, %s) n ON CONFLICT (a) DO UPDATE SET b = %s, c = t.c + 1",
                        (text, key, key + many, text))
                    run(own, "UPDATE t SET b = b || 'z', c = c + 1 WHERE a BETWEEN %s AND %s", (key, key + many))
                    run(own, "DELETE FROM t WHERE a BETWEEN %s AND %s", (key - 200, key))
                    own.rollback() if random.random() < 0.2 else own.commit()
                except psycopg2.Error as error:
                    own.rollback()
                    failures.append(error)

        def indexes():
            own = server.connect()
            while not done.is_set():
                try:
                    run(own, "CREATE INDEX t_new ON t (c, b)")
                    run(own, "DROP INDEX t_new")
                except errors.DeadlockDetected:
                    run(own, "DROP INDEX IF EXISTS t_new")

        threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 4)] + [threading.Thread(target=indexes)]
        for thread in threads:
            thread.start()
        end, checks = time.monotonic() + 4, 0
        try:
            while time.monotonic() < end or checks < 4:
                self.assertEqual(self.findings(conn, (None, "t")[checks % 2]), [])
                checks += 1
        finally:
            done.set()
            for thread in threads:
                thread.join(30)
        self.assertEqual([f for f in failures if not isinstance(f, errors.DeadlockDetected)], [])
        self.assertEqual(server.stop(), 0)
        subprocess.run([DASSIE, "check", server.file], check=True, stdout=subprocess.DEVNULL)

    def test_own_changes(self):
        """In a transaction with changes and indexes of its own, and while another's are not committed."""
        server = self.server(self.path("x.db"))
        conn, other = server.connect(autocommit=False), server.connect()
        run(conn, "CREATE TABLE t (a int PRIMARY KEY, b int)")
        run(conn, "INSERT INTO t SELECT n, n FROM generate_series(1, 3000) n")
        conn.commit()
        run(conn, "UPDATE t SET b = b + 1 WHERE a % 2 = 0")
        run(conn, "DELETE FROM t WHERE a % 5 = 0")
        run(conn, "CREATE INDEX t_b ON t (b)")
        run(conn, "UPDATE t SET b = b + 1 WHERE a % 3 = 0")
        for session in (conn, other):
            self.assertEqual(self.findings(session), [])
        conn.commit()
        for session in (conn, other):
            self.assertEqual(self.findings(session, "t_b"), [])
        for relation, code in (("pg_stats", "42809"), ("99999999", "42P01")):
            with self.assertRaises(psycopg2.Error) as caught:
                self.findings(other, relation)
            self.assertEqual(caught.exception.pgcode, code)

    def test_names_damage(self):
        """A damaged page, of rows or of an index, is a row of the result; the others are looked at, and the server goes on."""
        path = self.path("good.db")
        server = Server(path)
        conn = server.connect()
        run(conn, "CREATE TABLE other (a int PRIMARY KEY)")
        run(conn, "INSERT INTO other SELECT generate_series(1, 1000)")
        run(conn, "CREATE TABLE t (a int PRIMARY KEY, b text)")
        run(conn, "INSERT INTO t SELECT n, 'row mark ' || n FROM generate_series(1, 5000) n")
        run(conn, "CREATE INDEX t_b ON t (('index mark ' || a))")
        self.assertEqual(server.stop(), 0)
        with open(path, "rb") as f:
            data = f.read()
        for mark, offset, index in ((b"row mark 2500", None, None), (b"row mark 2500", 66, None), (b"index mark 25", None, "t_b"), (b"index mark 25", 64, "t_b")):
            with self.subTest(mark=mark, offset=offset):
                at = data.index(mark)
                bad = self.fresh_copy(path)
                if offset is None:  # noise: the checksum tells
                    with open(bad, "r+b") as f:
                        f.seek(at)
                        f.write(os.urandom(64))
                else:  # a right checksum over a wrong place or length of an entry
                    subprocess.run([BEND, bad, "page", str(at // PAGE), str(offset), "255"], check=True)
                server = Server(bad)
                conn = server.connect()
                for relation in (None, "t"):
                    found = self.findings(conn, relation)
                    self.assertIn(("t", index, at // PAGE), [f[:3] for f in found])
                    self.assertEqual({f[:2] for f in found}, {("t", index)}, found)
                self.assertEqual(self.findings(conn, "other"), [])
                self.assertEqual(one(conn, "SELECT count(*) FROM other"), 1000)
                server.kill()

    def test_missing_entries(self):
        """Entries that differ from the rows, on pages that are sound by themselves."""
        path = self.path("x.db")
        server = Server(path)
        conn = server.connect()
        run(conn, "CREATE TABLE t (a int PRIMARY KEY, b text)")
        run(conn, "CREATE INDEX t_b ON t (b)")
        run(conn, "INSERT INTO t SELECT n, 'some mark ' || n FROM generate_series(1000, 1100) n")
        self.assertEqual(server.stop(), 0)
        with open(path, "rb") as f:
            data = f.read()
        first = data.index(b"some mark 1050")
        second = data.find(b"some mark 1050", first + 1)
        self.assertGreaterEqual(second, 0, "the key is in the table and in the index as it is")
        # The last digit of the row's own value: rows come before indexes in the file.
        at = first + len(b"some mark 105")
        subprocess.run([BEND, path, "page", str(at // PAGE), str(at % PAGE), str(ord("X"))], check=True)
        server = self.server(path)
        found = self.findings(server.connect(), "t")
        self.assertEqual([f[:3] for f in found], [("t", "t_b", None)], found)
        self.assertIn("no entry for row", found[0][3])

    def test_cancel(self):
        server = self.server(self.path("x.db"))
        conn = server.connect()
        run(conn, "CREATE TABLE t (a int PRIMARY KEY, b text)")
        run(conn, "INSERT INTO t SELECT n, n FROM generate_series(1, 300000) n")
        for k in range(3):  # about a second's work
            run(conn, "CREATE INDEX ON t (b, (a + %s))", (k,))
        run(conn, "SET statement_timeout = 30")
        for relation in (None, "t"):
            started = time.monotonic()
            with self.assertRaises(errors.QueryCanceled):
                self.findings(conn, relation)
            self.assertLess(time.monotonic() - started, 30)
        run(conn, "SET statement_timeout = 0")
        self.assertEqual(self.findings(conn), [])


class Waiting(InputTest):
    """Sessions that wait for a lock hold no thread, whatever they wait for and however it was asked."""

    COUNT = 100 if ASAN else 1000

    def threads(self, server):
        return len(os.listdir(f"/proc/{server.process.pid}/task"))

    def wait_all(self, server, sql, count, extended=False):
        """Connections of which each has sent sql and waits."""
        waiting = []
        for _ in range(count):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(os.path.join(server.dir, ".s.PGSQL.5432"))
            body = struct.pack(">i", 196608) + b"user\0postgres\0database\0postgres\0\0"
            sock.sendall(struct.pack(">i", len(body) + 4) + body)
            self.ready(sock)
            if extended:
                parts = [(b"P", b"\0" + sql + b"\0\0\0"), (b"B", b"\0\0" + b"\0" * 6), (b"E", b"\0" + b"\0" * 4), (b"S", b"")]
            else:
                parts = [(b"Q", sql + b"\0")]
            sock.sendall(b"".join(kind + struct.pack(">i", len(part) + 4) + part for kind, part in parts))
            waiting.append(sock)
        return waiting

    def all_wait(self, server, count):
        """The server says that so many sessions wait for a lock."""
        deadline = time.monotonic() + 60
        with server.connect() as conn:
            while one(conn, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") < count:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)

    def ready(self, sock):
        """What the server says up to ReadyForQuery: the message types, and the text of an error."""
        sock.settimeout(60)
        data, kinds, error = b"", "", None
        while True:
            while len(data) >= 5 and len(data) > (length := struct.unpack(">i", data[1:5])[0]):
                kind, body, data = data[:1].decode(), data[5 : length + 1], data[length + 1 :]
                kinds += kind
                if kind == "E":
                    error = body.decode()
                if kind == "Z":
                    return kinds, error
            got = sock.recv(65536)
            if not got:
                return kinds, error
            data += got

    def test_many_waiters(self):
        server = self.server(self.path("waiting.db"), "max_connections=2000")
        holder = server.connect(autocommit=False)
        run(holder, "CREATE TABLE w (id int PRIMARY KEY, n int)")
        run(holder, "INSERT INTO w VALUES (1, 0), (2, 0)")
        run(holder, "CREATE TABLE other (id int)")
        holder.commit()
        time.sleep(0.5)
        before = self.threads(server)
        run(holder, "UPDATE w SET n = 1 WHERE id = 1")
        run(holder, "INSERT INTO w VALUES (3, 0)")
        run(holder, "LOCK TABLE other IN EXCLUSIVE MODE")
        kinds = [(b"UPDATE w SET n = n + 1 WHERE id = 1", False), (b"UPDATE w SET n = n + 1 WHERE id = 1", True),
                 (b"SELECT n FROM w WHERE id = 1 FOR UPDATE", False), (b"SELECT n FROM w WHERE id = 1 FOR SHARE", True),
                 (b"INSERT INTO w VALUES (3, 1) ON CONFLICT DO NOTHING", False), (b"INSERT INTO w VALUES (3, 1)", True),
                 (b"INSERT INTO other VALUES (1)", False), (b"INSERT INTO other VALUES (2)", True)]
        waiting = []
        for sql, extended in kinds:
            waiting.append(self.wait_all(server, sql, self.COUNT // len(kinds), extended))
        self.all_wait(server, sum(map(len, waiting)))
        self.assertLessEqual(self.threads(server), before + 4)
        with server.connect() as conn:
            self.assertEqual(one(conn, "SELECT 1"), 1)
        holder.commit()
        changed = 0
        for (sql, extended), socks in zip(kinds, waiting):
            for sock in socks:
                answer, error = self.ready(sock)
                changed += sql.startswith(b"UPDATE")
                if sql == b"INSERT INTO w VALUES (3, 1)":
                    self.assertIn("duplicate key value", error)
                else:
                    self.assertIsNone(error)
                    rows = "TD" if sql.startswith(b"SELECT") and not extended else "D" if sql.startswith(b"SELECT") else ""
                    self.assertEqual(answer, ("12" if extended else "") + rows + "CZ")
                sock.close()
        with server.connect() as conn:
            self.assertEqual(one(conn, "SELECT n FROM w WHERE id = 1"), 1 + changed)
            self.assertEqual(one(conn, "SELECT count(*) FROM other"), 2 * (self.COUNT // len(kinds)))
        self.assertEqual(server.stop(), 0)

    def test_waiters_with_two_workers(self):
        """Two processors, so two workers."""
        server = self.server(self.path("two.db"), preexec=lambda: os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:2]))
        holder = server.connect(autocommit=False)
        run(holder, "CREATE TABLE w (id int PRIMARY KEY, n int)")
        run(holder, "INSERT INTO w VALUES (1, 0)")
        holder.commit()
        run(holder, "UPDATE w SET n = 1")
        waiting = self.wait_all(server, b"UPDATE w SET n = n + 1", 200)
        limited = self.wait_all(server, b"SET lock_timeout = 300", 1)[0]
        self.ready(limited)
        limited.sendall(b"Q" + struct.pack(">i", 4 + len(b"UPDATE w SET n = 0\0")) + b"UPDATE w SET n = 0\0")
        start = time.monotonic()
        self.assertIn("canceling statement due to lock timeout", self.ready(limited)[1])
        self.assertGreater(time.monotonic() - start, 0.25)
        self.assertLess(time.monotonic() - start, 5)
        holder.commit()
        for sock in waiting:
            self.assertEqual(self.ready(sock), ("CZ", None))
            sock.close()
        with server.connect() as conn:
            self.assertEqual(one(conn, "SELECT n FROM w"), 201)
        self.assertEqual(server.stop(), 0)

    def test_spare_threads_end(self):
        server = self.server(self.path("spare.db"))
        holder = server.connect(autocommit=False)
        run(holder, "CREATE TABLE w (id int PRIMARY KEY, n int)")
        run(holder, "INSERT INTO w VALUES (1, 0)")
        holder.commit()
        before = self.threads(server)
        run(holder, "UPDATE w SET n = 1")
        # Two statements in one string are not begun again: each waits in a thread.
        waiting = self.wait_all(server, b"SELECT 1; UPDATE w SET n = n + 1", 20)
        self.all_wait(server, 20)
        self.assertGreater(self.threads(server), before + 10)
        holder.commit()
        for sock in waiting:
            self.assertIsNone(self.ready(sock)[1])
            sock.close()
        end = time.monotonic() + 20
        while self.threads(server) > before + 3 and time.monotonic() < end:
            time.sleep(0.2)
        self.assertLessEqual(self.threads(server), before + 3)
        self.assertEqual(server.stop(), 0)


class Temporary(InputTest):
    """Temporary objects are their session's alone, and go with it, however it ends."""

    LEFT = "SELECT count(*) FROM pg_class WHERE relpersistence = 't'"

    def fill(self, server, autocommit=True):
        conn = server.connect(autocommit)
        with conn.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE here (a serial PRIMARY KEY, b text)")
            cursor.execute("INSERT INTO here (b) SELECT 'x' FROM generate_series(1, 1000)")
            cursor.execute("CREATE TEMP VIEW over_it AS SELECT count(*) AS n FROM here")
            cursor.execute("SELECT n FROM over_it")
            self.assertEqual(cursor.fetchone(), (1000,))
        return conn

    def gone(self, server):
        """Nothing temporary is left, at the latest in ten seconds."""
        end = time.monotonic() + 10
        with server.connect().cursor() as cursor:
            while True:
                cursor.execute(self.LEFT)
                left = cursor.fetchone()[0]
                if left == 0 or time.monotonic() > end:
                    break
                time.sleep(0.02)
        self.assertEqual(left, 0)

    def sound(self, server):
        self.assertEqual(server.stop(), 0, server.log())
        done = subprocess.run([DASSIE, "check", server.file], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_disconnect(self):
        server = self.server(self.path("t.db"))
        self.fill(server).close()
        self.gone(server)
        self.fill(server, autocommit=False).close()
        self.gone(server)
        self.sound(server)

    def test_terminated(self):
        server = self.server(self.path("t.db"))
        for autocommit in (True, False):
            conn = self.fill(server, autocommit)
            with server.connect().cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", (conn.info.backend_pid,))
            self.gone(server)
            conn.close()
        self.sound(server)

    def test_server_ends(self):
        server = self.server(self.path("t.db"))
        conn = self.fill(server)
        self.assertEqual(server.stop(), 0, server.log())
        conn.close()
        again = self.server(self.path("t.db"))
        self.gone(again)
        self.sound(again)

    def test_crash(self):
        server = self.server(self.path("t.db"))
        conns = [self.fill(server), self.fill(server, autocommit=False), self.fill(server)]
        server.kill()
        for conn in conns:
            conn.close()
        again = self.server(self.path("t.db"))
        self.gone(again)
        self.fill(again).close()
        self.gone(again)
        self.sound(again)

    def test_side_by_side(self):
        server = self.server(self.path("t.db"))
        with server.connect().cursor() as cursor:
            cursor.execute("CREATE TABLE here (a int)")
            cursor.execute("INSERT INTO here VALUES (-1)")
        wrong = []

        def work(number):
            try:
                for turn in range(10):
                    conn = server.connect(autocommit=False)
                    with conn.cursor() as cursor:
                        cursor.execute("SELECT a FROM here")
                        seen = [cursor.fetchone()]
                        cursor.execute("CREATE TEMP TABLE here (a int) ON COMMIT DROP")
                        cursor.execute("INSERT INTO here VALUES (%s)", (number * 100 + turn,))
                        cursor.execute("SELECT a FROM here")
                        seen += cursor.fetchall()
                        conn.commit()
                        cursor.execute("SELECT a FROM here")
                        seen += cursor.fetchall()
                    conn.close()
                    if seen != [(-1,), (number * 100 + turn,), (-1,)]:
                        wrong.append(seen)
            except psycopg2.Error as e:
                wrong.append(str(e))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.gone(server)
        self.sound(server)

    def test_prepared_before(self):
        """A statement prepared over a permanent table reads the temporary one that hides it since, and again the other."""
        server = self.server(self.path("t.db"))
        with server.connect().cursor() as cursor:
            cursor.execute("CREATE TABLE here (a int)")
            cursor.execute("INSERT INTO here VALUES (1)")
            cursor.execute("PREPARE p AS SELECT a FROM here")
            for change, want in (("SELECT 1", 1), ("CREATE TEMP TABLE here AS SELECT 2 AS a", 2), ("DROP TABLE here", 1)):
                cursor.execute(change)
                cursor.execute("EXECUTE p")
                self.assertEqual(cursor.fetchall(), [(want,)], change)


class End(InputTest):
    def test_term_under_load(self):
        path = self.path("load.db")
        server = self.server(path)
        subprocess.run([PGBENCH, "-i", "-q", "-h", server.dir, "-U", "postgres", "postgres"], check=True, capture_output=True)
        bench = subprocess.Popen(
            [PGBENCH, "-n", "-c", "16", "-j", "2", "-T", "30", "-h", server.dir, "-U", "postgres", "postgres"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        idle = server.connect()
        time.sleep(1)
        started = time.monotonic()
        self.assertEqual(server.stop(), 0, server.log())
        self.assertLess(time.monotonic() - started, 20)
        bench.wait(30)
        self.assertIn("terminating connection due to administrator command", last_words(idle))
        self.assertEqual([e for e in os.listdir(self.dir) if e.startswith("load.db")], ["load.db"])
        self.assertEqual(os.listdir(server.dir), ["log"])
        subprocess.run([DASSIE, "check", path], check=True, stdout=subprocess.DEVNULL)
        again = self.server(path)
        sums = "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history)"
        self.assertTrue(one(again.connect(), sums))

    def test_term_with_waiting_sessions(self):
        """Sessions that wait for locks, sleep, copy, or read slowly do not hold up the end."""
        server = self.server(self.path("x.db"))
        holder = server.connect(autocommit=False)
        run(holder, "CREATE TABLE t (a int PRIMARY KEY)")
        run(holder, "INSERT INTO t VALUES (1)")
        holder.commit()
        run(holder, "UPDATE t SET a = 2")
        threads = []
        for sql in ("UPDATE t SET a = 3", "SELECT pg_sleep(60)", "DROP TABLE t", "SELECT repeat('x', 1000) FROM generate_series(1, 1000000)"):

            def work(text=sql):
                try:
                    run(server.connect(), text)
                except psycopg2.Error:
                    pass

            threads.append(threading.Thread(target=work))
            threads[-1].start()
        time.sleep(0.5)
        started = time.monotonic()
        self.assertEqual(server.stop(), 0, server.log())
        self.assertLess(time.monotonic() - started, 10)
        for thread in threads:
            thread.join(30)
        subprocess.run([DASSIE, "check", server.file], check=True, stdout=subprocess.DEVNULL)


def main():
    loader = unittest.TestLoader()
    module = sys.modules["__main__"]
    suite = loader.loadTestsFromNames(sys.argv[1:], module) if len(sys.argv) > 1 else loader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len({str(test) for test, _ in result.failures + result.errors})
    print(f"{max(result.testsRun - failed - len(result.skipped), 0)} passed, {failed} failed")
    sys.exit(failed != 0)


main()
