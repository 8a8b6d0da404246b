"""Where the server under test is, and small helpers of the client tests.

run.sh starts the server and says where it is by the environment:
  TEST_DSN      URI of the Unix socket, no password needed
  TEST_TCP_DSN  URI of the TCP port, with the password (SCRAM-SHA-256)
"""

import os
import unittest

import psycopg2

DSN = os.environ["TEST_DSN"]
TCP_DSN = os.environ["TEST_TCP_DSN"]


class ClientTest(unittest.TestCase):
    """A test with one connection, and a way to open more that are closed at its end."""

    maxDiff = None

    def setUp(self):
        self.conn = self.connect()

    def connect(self, dsn=DSN, **options):
        conn = psycopg2.connect(dsn, **options)
        self.addCleanup(conn.close)
        return conn

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
