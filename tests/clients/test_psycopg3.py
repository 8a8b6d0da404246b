"""psycopg 3: server-side parameters, binary results, prepared statements, pipelines, COPY, errors."""

import datetime
import unittest
from decimal import Decimal

import psycopg
from psycopg import errors

from target import DSN, TCP_DSN, VALUES

OWN = (("json", {"a": [1, None, "x"]}),)


class Psycopg3Test(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.conn = psycopg.connect(DSN)
        self.addCleanup(self.conn.close)

    def one(self, sql, parameters=None, **options):
        return self.conn.execute(sql, parameters, **options).fetchone()[0]


class Connect(Psycopg3Test):
    def test_info(self):
        self.assertEqual(self.conn.info.server_version // 10000, 15)
        self.assertEqual(self.conn.info.parameter_status("client_encoding"), "UTF8")
        self.assertEqual(self.conn.info.transaction_status, psycopg.pq.TransactionStatus.IDLE)

    def test_password(self):
        with psycopg.connect(TCP_DSN) as conn:
            self.assertEqual(conn.execute("SELECT 1").fetchone(), (1,))

    def test_wrong_password(self):
        with self.assertRaises(psycopg.OperationalError) as caught:
            psycopg.connect(TCP_DSN.replace("secret", "wrong"))
        self.assertIn('password authentication failed for user "postgres"', str(caught.exception))


class Values(Psycopg3Test):
    def test_round_trip(self):
        for binary in (False, True):
            for type_name, value in VALUES + OWN:
                with self.subTest(type=type_name, value=value, binary=binary):
                    given = psycopg.types.json.Json(value) if type_name == "json" else value
                    cursor = self.conn.execute(f"SELECT %s::{type_name}", (given,), binary=binary)
                    self.assertEqual(cursor.fetchone()[0], value)
                    self.assertEqual(
                        self.conn.execute(f"SELECT %s::{type_name}", (None,), binary=binary).fetchone(), (None,)
                    )

    def test_binary_parameters(self):
        for type_name, value in VALUES + OWN:
            if type_name in ("json", "varchar"):
                continue
            with self.subTest(type=type_name, value=value):
                self.assertEqual(self.one(f"SELECT %b::{type_name}", (value,), binary=True), value)

    def test_stored(self):
        self.conn.execute("DROP TABLE IF EXISTS p3")
        self.conn.execute("CREATE TABLE p3 (id int PRIMARY KEY, n numeric(10,2), t text, at timestamptz)")
        with self.conn.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO p3 VALUES (%s, %s, %s, now())", [(n, Decimal(n) / 4, f"t{n}") for n in range(1, 101)]
            )
            self.assertEqual(cursor.rowcount, 100)
        self.assertEqual(self.one("SELECT sum(n) FROM p3"), Decimal("1262.50"))
        self.assertEqual(self.conn.execute("SELECT id, t FROM p3 WHERE n = %s", (Decimal("2.5"),)).fetchall(), [(10, "t10")])


class Statements(Psycopg3Test):
    def test_prepared(self):
        for n in range(20):  # prepared from the fifth run on
            self.assertEqual(self.one("SELECT %s::int + 1", (n,)), n + 1)
        self.assertEqual(self.one("SELECT %s::int * 2", (21,), prepare=True), 42)
        self.conn.execute("DEALLOCATE ALL")
        self.conn.rollback()

    def test_prepared_and_ddl(self):
        self.conn.execute("DROP TABLE IF EXISTS p3d")
        self.conn.execute("CREATE TABLE p3d (a int)")
        self.conn.commit()
        for n in range(8):
            self.conn.execute("INSERT INTO p3d (a) VALUES (%s)", (n,))
        self.conn.execute("ALTER TABLE p3d ADD COLUMN b text DEFAULT 'x'")
        for n in range(8):
            self.conn.execute("INSERT INTO p3d (a) VALUES (%s)", (n,))
        self.assertEqual(self.one("SELECT count(b) FROM p3d"), 16)

    def test_transaction_blocks(self):
        self.conn.execute("DROP TABLE IF EXISTS p3t")
        self.conn.execute("CREATE TABLE p3t (a int PRIMARY KEY)")
        self.conn.commit()
        with self.conn.transaction():
            self.conn.execute("INSERT INTO p3t VALUES (1)")
            with self.assertRaises(errors.UniqueViolation):
                with self.conn.transaction():
                    self.conn.execute("INSERT INTO p3t VALUES (1)")
            self.conn.execute("INSERT INTO p3t VALUES (2)")
        self.assertEqual(self.one("SELECT count(*) FROM p3t"), 2)

    def test_isolation_and_read_only(self):
        self.conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self.conn.read_only = True
        self.assertEqual(self.one("SHOW transaction_isolation"), "repeatable read")
        with self.assertRaises(errors.ReadOnlySqlTransaction):
            self.conn.execute("CREATE TABLE p3ro (a int)")

    def test_stream(self):
        with self.conn.cursor() as cursor:
            rows = list(cursor.stream("SELECT n FROM generate_series(1, %s) n", (1000,)))
        self.assertEqual(rows, [(n,) for n in range(1, 1001)])

    def test_several_results(self):
        cursor = self.conn.execute("SELECT 1; SELECT 2")
        self.assertEqual(cursor.fetchall(), [(1,)])
        self.assertTrue(cursor.nextset())
        self.assertEqual(cursor.fetchall(), [(2,)])

    def test_notices(self):
        notices = []
        self.conn.add_notice_handler(lambda diag: notices.append((diag.severity, diag.sqlstate, diag.message_primary)))
        self.conn.execute("DROP TABLE IF EXISTS p3nosuch")
        self.assertEqual(notices, [("NOTICE", "00000", 'table "p3nosuch" does not exist, skipping')])


class Pipeline(Psycopg3Test):
    def test_many(self):
        if not psycopg.Pipeline.is_supported():
            self.skipTest("libpq is too old for pipelines")
        self.conn.execute("DROP TABLE IF EXISTS p3p")
        self.conn.execute("CREATE TABLE p3p (a int PRIMARY KEY)")
        self.conn.commit()
        with self.conn.pipeline():
            cursors = [self.conn.execute("INSERT INTO p3p VALUES (%s) RETURNING a", (n,)) for n in range(200)]
            self.assertEqual([c.fetchone()[0] for c in cursors], list(range(200)))
        self.conn.commit()
        self.assertEqual(self.one("SELECT count(*) FROM p3p"), 200)

    def test_error_in_the_middle(self):
        if not psycopg.Pipeline.is_supported():
            self.skipTest("libpq is too old for pipelines")
        with self.assertRaises(errors.DivisionByZero):
            with self.conn.pipeline():
                self.conn.execute("SELECT 1")
                self.conn.execute("SELECT 1 / 0")
                self.conn.execute("SELECT 2")
        self.conn.rollback()
        self.assertEqual(self.one("SELECT 3"), 3)


class Copy(Psycopg3Test):
    def setUp(self):
        super().setUp()
        self.conn.execute("DROP TABLE IF EXISTS p3c")
        self.conn.execute("CREATE TABLE p3c (a int, b text)")

    def test_rows(self):
        with self.conn.cursor() as cursor:
            with cursor.copy("COPY p3c (a, b) FROM STDIN") as copy:
                for row in ((1, "one"), (2, None), (3, "tab\tnewline\nback\\slash")):
                    copy.write_row(row)
            with cursor.copy("COPY p3c TO STDOUT") as copy:
                copy.set_types(["int4", "text"])
                self.assertEqual(list(copy.rows()), [(1, "one"), (2, None), (3, "tab\tnewline\nback\\slash")])

    def test_error(self):
        with self.assertRaises(errors.InvalidTextRepresentation):
            with self.conn.cursor() as cursor, cursor.copy("COPY p3c FROM STDIN") as copy:
                copy.write("x\ty\n")
        self.conn.rollback()
        self.assertEqual(self.one("SELECT 1"), 1)


class Errors(Psycopg3Test):
    def test_fields(self):
        self.conn.execute("DROP TABLE IF EXISTS p3e")
        self.conn.execute("CREATE TABLE p3e (a int CONSTRAINT p3e_key PRIMARY KEY, b int NOT NULL)")
        with self.assertRaises(errors.NotNullViolation) as caught:
            self.conn.execute("INSERT INTO p3e VALUES (%s, %s)", (1, None))
        diag = caught.exception.diag
        self.assertEqual((diag.table_name, diag.column_name, diag.sqlstate), ("p3e", "b", "23502"))

    def test_parameter(self):
        with self.assertRaises(errors.InvalidTextRepresentation) as caught:
            self.conn.execute("SELECT %s::text::int", ("x",))
        self.assertEqual(caught.exception.diag.message_primary, 'invalid input syntax for type integer: "x"')


class NamedCursors(Psycopg3Test):
    def test_rows(self):
        with self.conn.cursor("named") as cursor:
            cursor.execute("SELECT k, 'row ' || k FROM generate_series(1, %s) k", (2500,))
            cursor.itersize = 700
            rows = list(cursor)
        self.assertEqual((len(rows), rows[0], rows[-1]), (2500, (1, "row 1"), (2500, "row 2500")))

    def test_binary(self):
        with self.conn.cursor("bin", binary=True) as cursor:
            cursor.execute("SELECT k, k::numeric / 4, date '2024-01-01' + k FROM generate_series(1, 3) k")
            self.assertEqual(cursor.fetchmany(2)[1], (2, Decimal("0.5"), datetime.date(2024, 1, 3)))
            self.assertEqual(cursor.fetchall(), [(3, Decimal("0.75"), datetime.date(2024, 1, 4))])

    def test_scroll(self):
        with self.conn.cursor("scroll", scrollable=True) as cursor:
            cursor.execute("SELECT k FROM generate_series(1, 20) k")
            cursor.scroll(9)
            self.assertEqual(cursor.fetchone(), (10,))
            cursor.scroll(-2)
            self.assertEqual(cursor.fetchone(), (9,))
            cursor.scroll(0, mode="absolute")
            self.assertEqual(cursor.fetchmany(2), [(1,), (2,)])

    def test_hold(self):
        cursor = self.conn.cursor("held", withhold=True)
        cursor.execute("SELECT k FROM generate_series(1, 5) k")
        self.assertEqual(cursor.fetchone(), (1,))
        self.conn.commit()
        self.assertEqual(cursor.fetchall(), [(2,), (3,), (4,), (5,)])
        cursor.close()

    def test_gone(self):
        cursor = self.conn.cursor("gone")
        cursor.execute("SELECT 1")
        self.conn.commit()
        with self.assertRaises(errors.InvalidCursorName):
            cursor.fetchone()


if __name__ == "__main__":
    unittest.main()
