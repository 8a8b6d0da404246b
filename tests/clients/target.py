"""Where the server under test is, and small helpers of the client tests.

run.sh starts the server and says where it is by the environment:
  TEST_DSN      URI of the Unix socket, no password needed
  TEST_TCP_DSN  URI of the TCP port, with the password (SCRAM-SHA-256)
"""

import datetime
import os
import time
import unittest
import uuid
from decimal import Decimal

import psycopg2

DSN = os.environ["TEST_DSN"]
TCP_DSN = os.environ["TEST_TCP_DSN"]

# Types and values that every driver must bring there and back unchanged.
VALUES = (
    ("bool", True),
    ("int2", -32768),
    ("int4", 2147483647),
    ("int8", -9223372036854775808),
    ("float4", 1.5),
    ("float8", 0.1),
    ("numeric", Decimal("-12345678901234567890.000123")),
    ("numeric", Decimal("0")),
    ("text", "Ünïcode 漢字 \U0001f600"),
    ("text", ""),
    ("varchar", "abc"),
    ("bytea", bytes(range(256))),
    ("date", datetime.date(2024, 2, 29)),
    ("time", datetime.time(23, 59, 59, 999999)),
    ("timestamp", datetime.datetime(1999, 12, 31, 23, 59, 59, 1)),
    ("timestamptz", datetime.datetime(2024, 7, 1, 12, 0, tzinfo=datetime.timezone.utc)),
    ("interval", datetime.timedelta(days=3, hours=4, microseconds=5)),
    ("uuid", uuid.UUID("6b8b4567-327b-23c6-643c-986966334873")),
    ("oid", 4294967295),
)


class ClientTest(unittest.TestCase):
    """A test with one connection, and a way to open more that are closed at its end."""

    maxDiff = None

    def setUp(self):
        self.conn = self.connect()

    def connect(self, dsn=DSN, **options):
        conn = psycopg2.connect(dsn, **options)
        self.addCleanup(conn.close)
        return conn

    def until_blocked(self, conn, thread, seconds=20):
        """Wait until the server says that the session of conn waits for another one, or its thread has ended."""
        asking = psycopg2.connect(DSN)
        asking.autocommit = True
        end = time.monotonic() + seconds
        with asking.cursor() as cursor:
            while time.monotonic() < end:
                cursor.execute("SELECT pg_blocking_pids(%s)", (conn.info.backend_pid,))
                if cursor.fetchone()[0] or not thread.is_alive():
                    break
                time.sleep(0.005)
            else:
                self.fail(f"not blocked after {seconds} s")
        asking.close()

    def run_sql(self, *statements):
        """Run statements, each in its own transaction, on a connection of their own."""
        conn = psycopg2.connect(DSN)
        conn.autocommit = True
        with conn.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        conn.close()

    def rows(self, sql, parameters=None, conn=None):
        with (conn or self.conn).cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    def one(self, sql, parameters=None, conn=None):
        """The only value of the only row."""
        rows = self.rows(sql, parameters, conn)
        self.assertEqual(len(rows), 1)
        self.assertEqual(len(rows[0]), 1)
        return rows[0][0]
