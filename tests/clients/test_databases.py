"""Several databases, NOTIFY to idle sessions, large objects, binary COPY, as clients use them.

Goal: what needs more than one session works as on PostgreSQL. Method: psycopg2 and psycopg 3 on the same
server; run.sh runs the file on dassie, and with --oracle on PostgreSQL, where all of it passes.
"""

import io
import os
import select
import tempfile
import threading
import time
import unittest

import psycopg2
from psycopg2 import errors

from target import DSN, ClientTest

try:
    import psycopg
except ImportError:
    psycopg = None


class Databases(ClientTest):
    """CREATE and DROP DATABASE beside sessions that are connected."""

    def setUp(self):
        super().setUp()
        self.admin = self.connect()
        self.admin.autocommit = True
        self.made = []

    def tearDown(self):
        with self.admin.cursor() as cursor:
            for name in self.made:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        super().tearDown()

    def run_admin(self, sql):
        with self.admin.cursor() as cursor:
            cursor.execute(sql)

    def make(self, name, rest=""):
        self.made.append(name)
        self.run_admin(f'CREATE DATABASE "{name}" {rest}')

    def test_apart(self):
        self.make("apart1")
        self.make("apart2")
        one, two = self.connect(dbname="apart1"), self.connect(dbname="apart2")
        for conn, value in ((one, 1), (two, 2)):
            with conn, conn.cursor() as cursor:
                cursor.execute("CREATE TABLE t (a int PRIMARY KEY)")
                cursor.execute("INSERT INTO t VALUES (%s)", (value,))
        self.assertEqual(self.one("SELECT a FROM t", conn=one), 1)
        self.assertEqual(self.one("SELECT a FROM t", conn=two), 2)
        self.assertEqual(self.one("SELECT datname FROM pg_stat_activity WHERE pid = pg_backend_pid()", conn=two), "apart2")
        # A lock on the table of this name in one database is none in the other.
        with one.cursor() as cursor:
            cursor.execute("LOCK TABLE t")
        self.assertEqual(self.one("SELECT count(*) FROM t", conn=two), 1)
        one.rollback()

    def test_source_in_use(self):
        self.make("busy")
        user = self.connect(dbname="busy")
        self.one("SELECT 1", conn=user)
        with self.assertRaises(errors.ObjectInUse) as caught:
            self.make("busy_copy", "TEMPLATE busy")
        self.assertEqual(caught.exception.diag.message_primary,
                         'source database "busy" is being accessed by other users')
        self.assertEqual(caught.exception.diag.message_detail, "There is 1 other session using the database.")
        with self.assertRaises(errors.ObjectInUse) as caught:
            self.run_admin("DROP DATABASE busy")
        self.assertEqual(caught.exception.diag.message_primary, 'database "busy" is being accessed by other users')
        # Who leaves within the time makes room.
        threading.Timer(0.5, user.close).start()
        self.make("busy_copy", "TEMPLATE busy")

    def test_force(self):
        self.make("forced")
        user = self.connect(dbname="forced")
        self.one("SELECT 1", conn=user)
        self.run_admin("DROP DATABASE forced WITH (FORCE)")
        with self.assertRaises(psycopg2.OperationalError):
            self.one("SELECT 1", conn=user)
        with self.assertRaises(psycopg2.OperationalError) as caught:
            self.connect(dbname="forced")
        self.assertIn('database "forced" does not exist', str(caught.exception))

    def test_connections_refused(self):
        self.make("closed", "ALLOW_CONNECTIONS false")
        with self.assertRaises(psycopg2.OperationalError) as caught:
            self.connect(dbname="closed")
        self.assertIn('database "closed" is not currently accepting connections', str(caught.exception))
        with self.assertRaises(psycopg2.OperationalError) as caught:
            self.connect(dbname="template0")
        self.assertIn('database "template0" is not currently accepting connections', str(caught.exception))

    def test_test_databases(self):
        """A test database of 100 tables and clones of it, as test runners make them side by side."""
        self.make("suite")
        conn = self.connect(dbname="suite")
        with conn, conn.cursor() as cursor:
            for i in range(100):
                cursor.execute(f"CREATE TABLE t{i} (id serial PRIMARY KEY, name text UNIQUE, "
                               f"up int REFERENCES t{max(i - 1, 0)})")
                cursor.execute(f"CREATE INDEX ON t{i} (up)")
            cursor.execute("INSERT INTO t0(name) SELECT 'n' || i FROM generate_series(1, 1000) i")
        conn.close()
        start = time.monotonic()
        self.make("suite_1", "TEMPLATE suite")
        took = time.monotonic() - start
        print(f"a copy of 100 tables: {took * 1000:.0f} ms")
        clone = self.connect(dbname="suite_1")
        self.assertEqual(self.one("SELECT count(*) FROM t0", conn=clone), 1000)
        self.assertEqual(self.one("SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'", conn=clone), 300)
        self.assertEqual(self.one("INSERT INTO t0(name) VALUES ('new') RETURNING id", conn=clone), 1001)


class Notify(ClientTest):
    """NotificationResponse to sessions that wait."""

    def listen(self, *channels, **arguments):
        conn = self.connect(**arguments)
        conn.autocommit = True
        with conn.cursor() as cursor:
            for channel in channels:
                cursor.execute(f"LISTEN {channel}")
        return conn

    def wait(self, conn, count, timeout=5):
        end = time.monotonic() + timeout
        conn.poll()
        while len(conn.notifies) < count and time.monotonic() < end:
            if select.select([conn], [], [], 0.2)[0]:
                conn.poll()
        return [(n.channel, n.payload) for n in conn.notifies]

    def test_idle_session_is_told_at_once(self):
        listener = self.listen("news")
        sender = self.connect()
        sender.autocommit = True
        start = time.monotonic()
        with sender.cursor() as cursor:
            cursor.execute("NOTIFY news, 'first'")
        self.assertEqual(self.wait(listener, 1), [("news", "first")])
        self.assertLess(time.monotonic() - start, 1)
        self.assertEqual(listener.notifies[0].pid, sender.get_backend_pid())

    def test_at_commit_folded_in_order(self):
        listener = self.listen("a", "b")
        sender = self.connect()
        with sender.cursor() as cursor:
            cursor.execute("SELECT pg_notify('a', '1'), pg_notify('b', '1')")
            cursor.execute("NOTIFY a, '1'")
            cursor.execute("SAVEPOINT s")
            cursor.execute("NOTIFY a, 'gone'")
            cursor.execute("ROLLBACK TO s")
            cursor.execute("NOTIFY a, '2'")
        self.assertEqual(self.wait(listener, 1, 0.3), [])
        sender.commit()
        self.assertEqual(self.wait(listener, 3), [("a", "1"), ("b", "1"), ("a", "2")])
        with sender.cursor() as cursor:
            cursor.execute("NOTIFY a, 'never'")
        sender.rollback()
        self.assertEqual(self.wait(listener, 4, 0.3)[3:], [])

    def test_own_and_in_a_transaction(self):
        conn = self.listen("me")
        with conn.cursor() as cursor:
            cursor.execute("NOTIFY me, 'x'")
        self.assertEqual([(n.channel, n.payload) for n in conn.notifies], [("me", "x")])
        conn.autocommit = False
        with conn.cursor() as cursor:
            cursor.execute("SELECT 1")
            other = self.connect()
            other.autocommit = True
            with other.cursor() as sending:
                sending.execute("NOTIFY me, 'later'")
            cursor.execute("SELECT 1")
            self.assertEqual(len(conn.notifies), 1)
        conn.commit()
        self.assertEqual(self.wait(conn, 2)[1:], [("me", "later")])

    def test_unlisten_and_many(self):
        listeners = [self.listen("everybody") for _ in range(20)]
        with listeners[0].cursor() as cursor:
            cursor.execute("UNLISTEN *")
        sender = self.connect()
        sender.autocommit = True
        with sender.cursor() as cursor:
            for i in range(50):
                cursor.execute("SELECT pg_notify('everybody', %s)", (str(i),))
        for conn in listeners[1:]:
            self.assertEqual(self.wait(conn, 50), [("everybody", str(i)) for i in range(50)])
        self.assertEqual(self.wait(listeners[0], 1, 0.2), [])


class Statements(ClientTest):
    """pg_stat_statements, which PostgreSQL has only when it is preloaded."""

    def test_counts(self):
        self.conn.autocommit = True
        with self.conn.cursor() as cursor:
            cursor.execute("SELECT version()")
            if "dassie" not in cursor.fetchone()[0]:
                self.skipTest("not preloaded")
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            cursor.execute("SELECT pg_stat_statements_reset()")
            for i in range(3):
                cursor.execute(f"SELECT {i} + 100, 'text {i}' FROM generate_series(1, 4)")
            cursor.execute("SELECT calls, rows, query, total_exec_time > 0, min_exec_time <= max_exec_time, "
                           "userid::regrole::text <> '', dbid = (SELECT oid FROM pg_database "
                           "WHERE datname = current_database()) FROM pg_stat_statements WHERE query LIKE '%generate_series%' "
                           "AND query NOT LIKE '%calls%'")
            self.assertEqual(cursor.fetchall(),
                             [(3, 12, "SELECT $1 + $2, $3 FROM generate_series($4, $5)", True, True, True, True)])
            cursor.execute("SELECT dealloc, stats_reset <= now() FROM pg_stat_statements_info")
            self.assertEqual(cursor.fetchone(), (0, True))
            cursor.execute("DROP EXTENSION pg_stat_statements")


class LargeObjects(ClientTest):
    """psycopg2's lobject: libpq's calls by FunctionCall messages."""

    def test_write_seek_read(self):
        lob = self.conn.lobject(0, "wb")
        data = bytes(range(256)) * 40
        self.assertEqual(lob.write(data), len(data))
        self.assertEqual(lob.tell(), len(data))
        lob.seek(5000)
        lob.write(b"-here-")
        oid = lob.oid
        lob.close()
        self.conn.commit()
        lob = self.conn.lobject(oid, "rb")
        self.assertEqual(lob.read(), data[:5000] + b"-here-" + data[5006:])
        lob.seek(-3, 2)
        self.assertEqual(lob.read(), data[-3:])
        lob = self.conn.lobject(oid, "rw")
        lob.truncate(10)
        self.assertEqual(lob.seek(0, 2), 10)
        self.conn.rollback()
        self.assertEqual(self.one("SELECT length(lo_get(%s))", (oid,)), len(data))
        self.conn.lobject(oid).unlink()
        self.conn.commit()
        with self.assertRaises(psycopg2.OperationalError):
            self.conn.lobject(oid, "rb")

    def test_import_export(self):
        with tempfile.TemporaryDirectory() as folder:
            path, back = os.path.join(folder, "a"), os.path.join(folder, "b")
            with open(path, "wb") as f:
                f.write(b"contents " * 1000)
            lob = self.conn.lobject(0, "w", 0, path)
            lob.export(back)
            with open(back, "rb") as f:
                self.assertEqual(f.read(), b"contents " * 1000)


@unittest.skipIf(psycopg is None, "psycopg 3 is not installed")
class CopyBinary(ClientTest):
    def test_round_trip(self):
        rows = [(i, f"name {i}", i / 7, None if i % 3 else i % 2 == 0) for i in range(3000)]
        with psycopg.connect(DSN) as conn, conn.cursor() as cursor:
            cursor.execute("CREATE TABLE copy_b (a int, t text, f float8, o bool)")
            with cursor.copy("COPY copy_b FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["int4", "text", "float8", "bool"])
                for row in rows:
                    copy.write_row(row)
            cursor.execute("SELECT * FROM copy_b ORDER BY a")
            self.assertEqual(cursor.fetchall(), rows)
            with cursor.copy("COPY (SELECT * FROM copy_b ORDER BY a) TO STDOUT (FORMAT binary)") as copy:
                copy.set_types(["int4", "text", "float8", "bool"])
                self.assertEqual(list(copy.rows()), rows)
            conn.rollback()

    def test_damaged(self):
        with self.conn.cursor() as cursor:
            cursor.execute("CREATE TABLE damaged (a int)")
            self.conn.commit()
            header = b"PGCOPY\n\xff\r\n\0" + bytes(8)
            for data, message in ((b"nonsense", "COPY file signature not recognized"),
                                  (header + b"\0\2", "unexpected EOF in COPY data"),
                                  (header + b"\0\2" + b"\0\0\0\4\0\0\0\1" * 2, "row field count is 2, expected 1"),
                                  (header + b"\0\1\0\0\0\2\0\1", "insufficient data left in message"),
                                  (header + b"\xff\xff\0", "received copy data after EOF marker")):
                with self.assertRaises(psycopg2.Error) as caught:
                    cursor.copy_expert("COPY damaged FROM STDIN (FORMAT binary)", io.BytesIO(data))
                self.assertEqual(caught.exception.diag.message_primary, message)
                self.conn.rollback()
            cursor.execute("DROP TABLE damaged")
            self.conn.commit()


if __name__ == "__main__":
    unittest.main()
