"""hstore and citext through the drivers and ORMs that know them.

Goal: what psycopg2, psycopg 3, SQLAlchemy and Django's look-ups ask the catalogs about the two types, and their values
in text and binary, are as on PostgreSQL.
Method: the extensions are made in a schema of their own, too; values go in and come back.
"""

import unittest

import psycopg
import psycopg2
import psycopg2.extras
from psycopg.types.hstore import register_hstore
from psycopg.types import TypeInfo

from target import DSN, ClientTest


class Contrib(ClientTest):
    """One psycopg 3 connection; the extensions made anew."""

    def setUp(self):
        self.conn = psycopg.connect(DSN, autocommit=True)
        self.conn.execute("DROP TABLE IF EXISTS contrib_t")
        self.conn.execute("DROP EXTENSION IF EXISTS hstore, citext CASCADE")
        self.conn.execute("CREATE EXTENSION hstore")
        self.conn.execute("CREATE EXTENSION citext")
        self.conn.execute("CREATE TABLE contrib_t (id int, h hstore, c citext, cs citext[])")

    def tearDown(self):
        self.conn.close()

    def test_psycopg2(self):
        conn = psycopg2.connect(DSN)
        oids = psycopg2.extras.HstoreAdapter.get_oids(conn)
        self.assertEqual([len(o) for o in oids], [1, 1])
        psycopg2.extras.register_hstore(conn)
        cur = conn.cursor()
        value = {"a": "1", "b": None, 'q"': "x\\y", "": ""}
        cur.execute("INSERT INTO contrib_t(id, h) VALUES (1, %s) RETURNING h", (value,))
        self.assertEqual(cur.fetchone()[0], value)
        cur.execute("SELECT array_agg(h), %s::hstore -> 'a' FROM contrib_t", (value,))
        self.assertEqual(cur.fetchone(), ([value], "1"))
        conn.close()

    def test_psycopg3(self):
        info = TypeInfo.fetch(self.conn, "hstore")
        register_hstore(info, self.conn)
        value = {"a": "1", "b": None, "ä": "ö"}
        for binary in (False, True): # of the results: psycopg writes dictionaries as text only
            cur = self.conn.cursor(binary=binary)
            cur.execute("SELECT %t::hstore, %s::citext", (value, "Text"))
            row = cur.fetchone()
            self.assertEqual(row[1], b"Text" if binary else "Text") # a type it does not know
            self.conn.execute("INSERT INTO contrib_t(id, h) VALUES (1, %s)", (value,))
        cur = self.conn.execute("SELECT h FROM contrib_t")
        self.assertEqual(cur.fetchall(), [(value,), (value,)])

    def test_copy_binary(self):
        value = b"\x00\x00\x00\x01\x00\x00\x00\x01k\xff\xff\xff\xff"
        self.conn.execute("INSERT INTO contrib_t VALUES (1, 'k=>NULL', 'Abc', '{x,Y}')")
        with self.conn.cursor().copy("COPY contrib_t TO STDOUT (FORMAT binary)") as copy:
            data = b"".join(bytes(c) for c in copy)
        self.assertIn(value, data)
        with self.conn.cursor().copy("COPY contrib_t FROM STDIN (FORMAT binary)") as copy:
            copy.write(data)
        rows = self.conn.execute("SELECT h::text, c::text, cs::text FROM contrib_t").fetchall()
        self.assertEqual(rows, [('"k"=>NULL', "Abc", "{x,Y}")] * 2)

    def test_django_lookups(self):
        """The statement of django.contrib.postgres.signals."""
        for name in ("hstore", "citext"):
            cur = self.conn.execute(
                "SELECT oid, typarray FROM pg_type WHERE typname = %s", (name,)
            )
            oid, array = cur.fetchone()
            self.assertGreater(oid, 16383)
            self.assertGreater(array, 16383)

    def test_citext_params(self):
        self.conn.execute("INSERT INTO contrib_t(id, c) VALUES (1, 'Bob'), (2, 'Eve')")
        cur = self.conn.execute("SELECT id FROM contrib_t WHERE c = %s::citext", ("BOB",))
        self.assertEqual(cur.fetchall(), [(1,)])
        cur = self.conn.execute("SELECT id FROM contrib_t WHERE c = ANY(%s::citext[])", (["EVE", "x"],))
        self.assertEqual(cur.fetchall(), [(2,)])
        self.conn.execute("CREATE UNIQUE INDEX ON contrib_t (c)")
        with self.assertRaises(psycopg.errors.UniqueViolation):
            self.conn.execute("INSERT INTO contrib_t(id, c) VALUES (3, 'bOB')")


if __name__ == "__main__":
    unittest.main()
