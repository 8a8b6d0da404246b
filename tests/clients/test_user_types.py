"""Types of users through psycopg 3, in text and binary: enums, row types, ranges, domains. Geometric
types through asyncpg, which has them in binary.

Goal: what the driver's adapters for such types ask the catalogs, send and read works as on PostgreSQL.
Method: the types are made, looked up by the driver, and values go in and come back in both formats.
"""

import enum
import ipaddress
import unittest

import asyncpg
import psycopg
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.enum import EnumInfo, register_enum
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from target import DSN, ClientTest
from test_asyncpg import target


class Mood(enum.Enum):
    """As the enum type in the database."""

    sad = "sad"
    ok = "ok"


class UserTypes(ClientTest):
    """One connection, types made anew for each test."""

    def setUp(self):
        self.conn = psycopg.connect(DSN, autocommit=True)
        self.conn.execute("DROP TABLE IF EXISTS ut")
        self.conn.execute("DROP TYPE IF EXISTS ut_pair, ut_mood")
        self.conn.execute("DROP DOMAIN IF EXISTS ut_pos")
        self.conn.execute("CREATE TYPE ut_mood AS ENUM ('sad', 'ok')")
        self.conn.execute("CREATE TYPE ut_pair AS (x int, m ut_mood)")
        self.conn.execute("CREATE DOMAIN ut_pos AS int CHECK (VALUE > 0)")
        self.conn.execute(
            "CREATE TABLE ut (m ut_mood, ms ut_mood[], p ut_pair, r int4range, "
            "mr int4multirange, d ut_pos, i inet)"
        )
        register_enum(EnumInfo.fetch(self.conn, "ut_mood"), self.conn, Mood)
        self.pair = CompositeInfo.fetch(self.conn, "ut_pair")
        register_composite(self.pair, self.conn)

    def tearDown(self):
        self.conn.close()

    def copy(self, source, target):
        """Rows as COPY writes them in binary into another table."""
        with self.conn.cursor() as cur:
            with cur.copy(f"COPY {source} TO STDOUT (FORMAT binary)") as out:
                data = b"".join(bytes(chunk) for chunk in out)
            with cur.copy(f"COPY {target} FROM STDIN (FORMAT binary)") as into:
                into.write(data)

    def test_copy_binary(self):
        self.conn.execute(
            "INSERT INTO ut VALUES ('ok', '{sad,ok}', '(3,sad)', '[1,5)', '{[1,3),[7,9)}', 4, '10.1.1.1')"
        )
        self.copy("ut", "ut")
        rows = self.conn.execute("SELECT ut::text FROM ut").fetchall()
        self.assertEqual(len(rows), 2)
        self.assertEqual(rows[0], rows[1])
        with self.assertRaises(psycopg.errors.CheckViolation) as caught:
            self.copy("(SELECT -1)", "ut (d)")
        self.assertIn("ut_pos", caught.exception.diag.message_primary)

    def test_round_trip(self):
        row = (
            Mood.ok,
            [Mood.sad, None, Mood.ok],
            self.pair.python_type(3, Mood.sad),
            Range(1, 5),
            Multirange([Range(1, 3), Range(7, 9)]),
            4,
            ipaddress.ip_address("10.1.1.1"),
        )
        for binary, mark in ((False, "%t"), (True, "%b")):
            cur = self.conn.cursor(binary=binary)
            cur.execute(f"INSERT INTO ut VALUES ({', '.join([mark] * len(row))})", row)
            self.assertEqual(cur.execute("SELECT * FROM ut").fetchone(), row)
            cur.execute("DELETE FROM ut")

    def test_domain(self):
        with self.assertRaises(psycopg.errors.CheckViolation) as caught:
            self.conn.execute("INSERT INTO ut (d) VALUES (%s)", (0,))
        self.assertEqual(caught.exception.diag.datatype_name, "ut_pos")
        self.assertEqual(caught.exception.diag.constraint_name, "ut_pos_check")

    def test_label(self):
        with self.assertRaises(psycopg.errors.InvalidTextRepresentation):
            self.conn.execute("INSERT INTO ut (m) VALUES ('mad')")


class Geometric(unittest.IsolatedAsyncioTestCase):
    """One connection."""

    async def asyncSetUp(self):
        self.conn = await asyncpg.connect(**target())

    async def asyncTearDown(self):
        await self.conn.close()

    async def test_round_trip(self):
        values = [
            ("point", asyncpg.Point(1.5, -2)),
            ("lseg", asyncpg.LineSegment((1, 2), (3, 4))),
            ("box", asyncpg.Box((3, 4), (1, 2))),
            ("line", asyncpg.Line(1, -1, 0.25)),
            ("circle", asyncpg.Circle((1, 2), 3)),
            ("path", asyncpg.Path((1, 2), (3, 4), is_closed=False)),
            ("polygon", asyncpg.Polygon((1, 2), (3, 4), (5, 0))),
        ]
        for name, value in values:
            back, text = await self.conn.fetchrow(f"SELECT $1::{name}, $1::{name}::text", value)
            self.assertEqual(back, value, name)
            again = await self.conn.fetchval(f"SELECT ($1::text)::{name}", text)
            self.assertEqual(again, value, name)


if __name__ == "__main__":
    unittest.main()
