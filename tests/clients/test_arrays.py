"""Arrays through drivers: psycopg2 (text), psycopg 3 (text and binary), asyncpg (binary), SQLAlchemy.

Goal: lists go in and come back as on PostgreSQL, as values, as parameters of = ANY, in columns.
Method: each test makes its own table; run.sh runs the file on dassie, and with --oracle on PostgreSQL.
"""

import datetime
import unittest
import uuid
from decimal import Decimal

import asyncpg
import psycopg
import psycopg2
import sqlalchemy
from sqlalchemy.dialects import postgresql

from target import DSN, ClientTest
from test_asyncpg import target

ID = uuid.UUID("6b8b4567-327b-23c6-643c-986966334873")
LISTS = (
    ("int2[]", [1, -2, None]),
    ("int4[]", [2147483647, None, 0]),
    ("int8[]", [-9223372036854775808]),
    ("bool[]", [True, None, False]),
    ("float8[]", [0.1, 1e300]),
    ("numeric[]", [Decimal("1.50"), None, Decimal("-7")]),
    ("text[]", ["a", "", "b c", 'q"u\\o', "NULL", None, "{x,y}", "Ü漢"]),
    ("varchar[]", ["x"]),
    ("date[]", [datetime.date(2024, 2, 29), None]),
    ("timestamp[]", [datetime.datetime(2024, 2, 29, 1, 2, 3, 4)]),
    ("uuid[]", [ID, None]),
    ("bytea[]", [b"\x00\xff", b""]),
    ("int4[]", [[1, 2], [3, 4]]),
    ("text[]", [[["a"], ["b"]]]),
    ("int4[]", []),
)


def plain(value):
    """bytes for what drivers give as memoryview."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    return bytes(value) if isinstance(value, memoryview) else value


class Psycopg2(ClientTest):
    def test_round_trip(self):
        for name, value in LISTS:
            if name == "uuid[]":
                continue  # needs register_uuid
            with self.subTest(name=name, value=value):
                self.assertEqual(plain(self.one(f"SELECT %s::{name}", (value,))), value)

    def test_any(self):
        with self.conn.cursor() as cursor:
            cursor.execute("CREATE TABLE psy2_any (id int PRIMARY KEY, t text)")
            cursor.execute("INSERT INTO psy2_any SELECT i, 't' || i FROM generate_series(1, 100) i")
            cursor.execute("SELECT id FROM psy2_any WHERE id = ANY(%s) ORDER BY id", ([5, 3, 200],))
            self.assertEqual(cursor.fetchall(), [(3,), (5,)])
            cursor.execute("SELECT id FROM psy2_any WHERE t = ANY(%s) ORDER BY id", (["t7", "x"],))
            self.assertEqual(cursor.fetchall(), [(7,)])
            cursor.execute("SELECT count(*) FROM psy2_any WHERE id <> ALL(%s)", ([1, 2],))
            self.assertEqual(cursor.fetchone(), (98,))
            cursor.execute("DROP TABLE psy2_any")


class Psycopg3(unittest.TestCase):
    def setUp(self):
        self.conn = psycopg.connect(DSN, autocommit=True)
        self.addCleanup(self.conn.close)

    def test_round_trip(self):
        for binary in (False, True):
            for name, value in LISTS:
                with self.subTest(name=name, value=value, binary=binary), self.conn.cursor(binary=binary) as cursor:
                    cursor.execute(f"SELECT %s::{name}", (value,), binary=binary)
                    self.assertEqual(plain(cursor.fetchone()[0]), value)

    def test_any_of_small_numbers(self):
        # psycopg sends [1, 2] as smallint[], whatever the column is.
        with self.conn.cursor() as cursor:
            cursor.execute("CREATE TABLE psy3_any (id bigint PRIMARY KEY)")
            cursor.execute("INSERT INTO psy3_any SELECT generate_series(1, 50)")
            for binary in (False, True):
                cursor.execute("SELECT id FROM psy3_any WHERE id = ANY(%s) ORDER BY id", ([4, 2, 99],), binary=binary)
                self.assertEqual(cursor.fetchall(), [(2,), (4,)])
            cursor.execute("DROP TABLE psy3_any")


class Asyncpg(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.conn = await asyncpg.connect(**target())

    async def asyncTearDown(self):
        await self.conn.close()

    async def test_round_trip(self):
        for name, value in LISTS:
            with self.subTest(name=name, value=value):
                self.assertEqual(await self.conn.fetchval(f"SELECT $1::{name}", value), value)

    async def test_table(self):
        await self.conn.execute("CREATE TABLE apg_arr (id int PRIMARY KEY, a int[], t text[])")
        rows = [(1, [1, 2], ["x", None]), (2, [], None), (3, None, [])]
        await self.conn.executemany("INSERT INTO apg_arr VALUES ($1, $2, $3)", rows)
        await self.conn.execute("INSERT INTO apg_arr VALUES (4, $1, $2)", [7], ["y"])
        found = await self.conn.fetch("SELECT * FROM apg_arr WHERE id = ANY($1) ORDER BY id", [1, 2, 3, 4])
        self.assertEqual([tuple(r) for r in found], rows + [(4, [7], ["y"])])
        self.assertEqual(await self.conn.fetchval("SELECT array_agg(id ORDER BY id) FROM apg_arr"), [1, 2, 3, 4])
        await self.conn.execute("DROP TABLE apg_arr")


class SqlAlchemy(unittest.TestCase):
    def test_column(self):
        engine = sqlalchemy.create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(DSN))
        table = sqlalchemy.Table(
            "sa_arr",
            sqlalchemy.MetaData(),
            sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True),
            sqlalchemy.Column("tags", postgresql.ARRAY(sqlalchemy.Text)),
            sqlalchemy.Column("nums", sqlalchemy.ARRAY(sqlalchemy.Integer)),
        )
        with engine.begin() as conn:
            table.create(conn)
            conn.execute(table.insert(), [{"id": 1, "tags": ["a", "b"], "nums": [1, 2]}, {"id": 2, "tags": ["c"], "nums": []}])
            found = conn.execute(sqlalchemy.select(table).where(table.c.tags.contains(["a"]))).all()
            self.assertEqual(found, [(1, ["a", "b"], [1, 2])])
            self.assertEqual(conn.execute(sqlalchemy.select(table.c.id).where(table.c.tags.any("c"))).scalar(), 2)
            self.assertEqual(conn.execute(sqlalchemy.select(table.c.nums[1]).where(table.c.id == 1)).scalar(), 1)
            table.drop(conn)
        engine.dispose()


if __name__ == "__main__":
    unittest.main()
