"""asyncpg: everything in binary, prepared statements with described types, cursors, COPY, a pool."""

import asyncio
import io
import os
import unittest
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import asyncpg

from target import DSN, TCP_DSN, VALUES

OWN = (("numeric", Decimal("0.0000")), ("numeric", Decimal("1e30")), ("json", '{"a": 1}'))


def target():
    parts = parse_qs(urlsplit(DSN).query)
    return {"host": parts["host"][0], "port": int(parts.get("port", ["5432"])[0]), "user": "postgres", "database": "postgres"}


class AsyncpgTest(unittest.IsolatedAsyncioTestCase):
    maxDiff = None

    async def asyncSetUp(self):
        self.conn = await asyncpg.connect(**target())

    async def asyncTearDown(self):
        await self.conn.close()


class Connect(AsyncpgTest):
    async def test_version(self):
        self.assertEqual(self.conn.get_server_version().major, 15)

    async def test_password(self):
        conn = await asyncpg.connect(TCP_DSN, ssl=False)
        self.assertEqual(await conn.fetchval("SELECT 1"), 1)
        await conn.close()

    async def test_settings(self):
        conn = await asyncpg.connect(**target(), server_settings={"application_name": "async", "work_mem": "5MB"})
        self.assertEqual(await conn.fetchval("SHOW application_name"), "async")
        await conn.execute("SET work_mem = '6MB'")
        await conn.execute("RESET ALL")
        self.assertEqual(await conn.fetchval("SHOW work_mem"), "5MB")
        await conn.close()


class Values(AsyncpgTest):
    async def test_round_trip(self):
        for type_name, value in VALUES + OWN:
            with self.subTest(type=type_name, value=value):
                self.assertEqual(await self.conn.fetchval(f"SELECT $1::{type_name}", value), value)
                self.assertIsNone(await self.conn.fetchval(f"SELECT $1::{type_name}", None))

    async def test_described(self):
        statement = await self.conn.prepare("SELECT $1::int4 AS a, $2::text AS b, 1.5 AS c")
        self.assertEqual([p.name for p in statement.get_parameters()], ["int4", "text"])
        self.assertEqual([(a.name, a.type.name) for a in statement.get_attributes()], [("a", "int4"), ("b", "text"), ("c", "numeric")])


class Statements(AsyncpgTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        await self.conn.execute("DROP TABLE IF EXISTS ap; CREATE TABLE ap (a int PRIMARY KEY, b text)")

    async def test_rows(self):
        await self.conn.executemany("INSERT INTO ap VALUES ($1, $2)", [(n, f"v{n}") for n in range(100)])
        self.assertEqual(await self.conn.fetchval("SELECT count(*) FROM ap"), 100)
        rows = await self.conn.fetch("SELECT a, b FROM ap WHERE a >= $1 ORDER BY a", 98)
        self.assertEqual([tuple(r) for r in rows], [(98, "v98"), (99, "v99")])
        self.assertEqual(await self.conn.execute("UPDATE ap SET b = 'x' WHERE a < $1", 10), "UPDATE 10")

    async def test_executemany_is_one_transaction(self):
        with self.assertRaises(asyncpg.UniqueViolationError):
            await self.conn.executemany("INSERT INTO ap VALUES ($1, $2)", [(1, "a"), (2, "b"), (1, "c")])
        self.assertEqual(await self.conn.fetchval("SELECT count(*) FROM ap"), 0)

    async def test_transactions(self):
        async with self.conn.transaction():
            await self.conn.execute("INSERT INTO ap VALUES (1, 'a')")
            with self.assertRaises(asyncpg.DivisionByZeroError):
                async with self.conn.transaction():
                    await self.conn.execute("INSERT INTO ap VALUES (2, 'b')")
                    await self.conn.execute("SELECT 1 / 0")
        self.assertEqual(await self.conn.fetch("SELECT a FROM ap"), [(1,)])
        async with self.conn.transaction(isolation="repeatable_read", readonly=True):
            self.assertEqual(await self.conn.fetchval("SHOW transaction_isolation"), "repeatable read")

    async def test_cursor(self):
        async with self.conn.transaction():
            seen = [r[0] async for r in self.conn.cursor("SELECT n FROM generate_series(1, 1000) n", prefetch=37)]
            self.assertEqual(seen, list(range(1, 1001)))
            cursor = await self.conn.cursor("SELECT n FROM generate_series(1, 10) n")
            self.assertEqual(len(await cursor.fetch(4)), 4)
            self.assertEqual((await cursor.fetchrow())[0], 5)

    async def test_plan_of_a_changed_table(self):
        await self.conn.execute("INSERT INTO ap VALUES (1, 'a')")
        self.assertEqual(tuple(await self.conn.fetchrow("SELECT * FROM ap")), (1, "a"))
        await self.conn.execute("ALTER TABLE ap ADD COLUMN c int DEFAULT 3")
        self.assertEqual(tuple(await self.conn.fetchrow("SELECT * FROM ap")), (1, "a", 3))

    async def test_errors(self):
        with self.assertRaises(asyncpg.UndefinedTableError) as caught:
            await self.conn.fetch("SELECT * FROM nosuch")
        self.assertEqual(caught.exception.position, "15")
        with self.assertRaises(asyncpg.InvalidTextRepresentationError):
            await self.conn.fetch("SELECT 'x'::int")
        self.assertEqual(await self.conn.fetchval("SELECT 1"), 1)

    async def test_timeout_cancels(self):
        with self.assertRaises(asyncio.TimeoutError):
            await self.conn.fetch("SELECT pg_sleep(30)", timeout=0.3)
        self.assertEqual(await self.conn.fetchval("SELECT 1"), 1)

    async def test_copy(self):
        await self.conn.copy_to_table("ap", source=io.BytesIO(b"1\tone\n2\t\\N\n"))
        out = io.BytesIO()
        await self.conn.copy_from_query("SELECT a, b FROM ap ORDER BY a", output=out, format="csv")
        self.assertEqual(out.getvalue(), b"1,one\n2,\n")


class Pool(AsyncpgTest):
    async def test_many_tasks(self):
        async with asyncpg.create_pool(**target(), min_size=2, max_size=8) as pool:

            async def work(n):
                async with pool.acquire() as conn:
                    return await conn.fetchval("SELECT $1::int * 2", n)

            self.assertEqual(await asyncio.gather(*(work(n) for n in range(200))), [n * 2 for n in range(200)])

    async def test_released_connections_are_clean(self):
        async with asyncpg.create_pool(**target(), min_size=1, max_size=1) as pool:
            async with pool.acquire() as conn:
                await conn.execute("SET work_mem = '7MB'")
            async with pool.acquire() as conn:
                self.assertNotEqual(await conn.fetchval("SHOW work_mem"), "7MB")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONASYNCIODEBUG", "0")
    unittest.main()
