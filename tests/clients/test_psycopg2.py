"""psycopg2 as applications use it: values, errors, transactions, COPY, cancelling.

Goal: what psycopg2 sees is what it sees on PostgreSQL. Method: each test makes its own tables; run.sh
runs the file on dassie, and with --oracle on PostgreSQL, where all of it passes.
"""

import datetime
import io
import threading
import time
import unittest
import uuid
from decimal import Decimal

import psycopg2
import psycopg2.errorcodes
import psycopg2.extensions
import psycopg2.extras
from psycopg2 import errors

from target import DSN, TCP_DSN, ClientTest


class Connection(ClientTest):
    def test_parameters_reported(self):
        self.assertEqual(self.conn.server_version // 10000, 15)
        self.assertEqual(self.conn.encoding, "UTF8")
        status = self.conn.get_parameter_status
        self.assertEqual(status("standard_conforming_strings"), "on")
        self.assertEqual(status("integer_datetimes"), "on")
        self.assertEqual(status("server_encoding"), "UTF8")
        self.assertEqual(status("client_encoding"), "UTF8")
        self.assertTrue(status("server_version").startswith("15"))
        self.assertEqual(status("is_superuser"), "on")
        self.assertIsNotNone(status("TimeZone"))
        self.assertEqual(status("IntervalStyle"), "postgres")
        self.assertTrue(status("DateStyle").startswith("ISO"))

    def test_parameter_status_follows_set(self):
        with self.conn.cursor() as cursor:
            cursor.execute("SET application_name = 'changed'")
            self.assertEqual(self.conn.get_parameter_status("application_name"), "changed")
            cursor.execute("SET TimeZone = 'Asia/Tokyo'")
            self.assertEqual(self.conn.get_parameter_status("TimeZone"), "Asia/Tokyo")

    def test_startup_options(self):
        conn = self.connect(application_name="tester", options="-c statement_timeout=1234 -c TimeZone=Asia/Tokyo")
        self.assertEqual(self.one("SHOW application_name", conn=conn), "tester")
        self.assertEqual(self.one("SHOW statement_timeout", conn=conn), "1234ms")
        self.assertEqual(self.one("SHOW TimeZone", conn=conn), "Asia/Tokyo")

    def test_backend_pid(self):
        other = self.connect()
        self.assertNotEqual(self.conn.get_backend_pid(), other.get_backend_pid())
        self.assertEqual(self.one("SELECT pg_backend_pid()"), self.conn.get_backend_pid())

    def test_unknown_database(self):
        with self.assertRaises(psycopg2.OperationalError) as caught:
            psycopg2.connect(DSN, dbname="nosuch")
        self.assertIn('database "nosuch" does not exist', str(caught.exception))

    def test_password_over_tcp(self):
        conn = self.connect(TCP_DSN)
        self.assertEqual(self.one("SELECT current_user", conn=conn), "postgres")

    def test_wrong_password(self):
        with self.assertRaises(psycopg2.OperationalError) as caught:
            psycopg2.connect(TCP_DSN, password="wrong")
        self.assertIn('password authentication failed for user "postgres"', str(caught.exception))

    def test_many_connections(self):
        conns = [self.connect() for _ in range(60)]
        for number, conn in enumerate(conns):
            self.assertEqual(self.one("SELECT %s + 1", (number,), conn=conn), number + 1)

    def test_reset(self):
        with self.conn.cursor() as cursor:
            cursor.execute("SET work_mem = '9MB'")
        self.conn.commit()
        self.conn.reset()
        self.assertNotEqual(self.one("SHOW work_mem"), "9MB")


class Values(ClientTest):
    def round_trip(self, value, sql_type):
        """A value sent as a literal, stored, and read back."""
        got = self.one(f"SELECT CAST(%s AS {sql_type})", (value,))
        self.assertEqual(got, value)
        self.assertIs(type(got), type(value))

    def test_numbers(self):
        for value in (0, 1, -1, 2**31 - 1, -(2**31)):
            self.round_trip(value, "int")
        for value in (2**63 - 1, -(2**63)):
            self.round_trip(value, "int8")
        for value in (0.0, 1.5, -2.25e-300, 1.7976931348623157e308, 0.1):
            self.round_trip(value, "float8")
        for text in ("0", "1.50", "-123456789012345678901234567890.123456789", "0.000001"):
            value = Decimal(text)
            self.round_trip(value, "numeric")
            self.assertEqual(str(self.one("SELECT %s::numeric", (value,))), str(value))
        self.assertTrue(self.one("SELECT 'NaN'::float8") != self.one("SELECT 'NaN'::float8"))
        self.assertEqual(self.one("SELECT %s", (float("inf"),)), float("inf"))

    def test_text(self):
        for value in ("", "plain", "it's", 'quo"te', "back\\slash", "percent %s %%", "new\nline\ttab", "été 日本 😀", "x" * 100000):
            self.round_trip(value, "text")

    def test_others(self):
        self.round_trip(True, "bool")
        self.round_trip(False, "bool")
        self.assertIsNone(self.one("SELECT %s::int", (None,)))
        self.round_trip(datetime.date(2024, 2, 29), "date")
        self.round_trip(datetime.time(13, 45, 30, 123456), "time")
        self.round_trip(datetime.datetime(2024, 2, 29, 13, 45, 30, 5), "timestamp")
        self.round_trip(datetime.timedelta(days=3, hours=5, microseconds=7), "interval")
        self.round_trip(datetime.timedelta(days=-3, seconds=1), "interval")

    def test_timestamptz(self):
        zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
        value = datetime.datetime(2024, 7, 1, 12, 0, tzinfo=zone)
        got = self.one("SELECT %s::timestamptz", (value,))
        self.assertEqual(got, value)
        self.assertIsNotNone(got.tzinfo)

    def test_bytea(self):
        value = bytes(range(256)) * 100
        self.assertEqual(bytes(self.one("SELECT %s", (psycopg2.Binary(value),))), value)

    def test_uuid_and_json(self):
        psycopg2.extras.register_uuid()
        value = uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
        self.round_trip(value, "uuid")
        document = {"a": [1, 2.5, None], "b": {"c": "é"}}
        self.assertEqual(self.one("SELECT %s::json", (psycopg2.extras.Json(document),)), document)

    def test_stored_values(self):
        self.run_sql(
            "DROP TABLE IF EXISTS v",
            "CREATE TABLE v (i int, l int8, f float8, n numeric(20,5), t text, b bytea, o bool,"
            " d date, m time, s timestamp, z timestamptz, e interval, u uuid)",
        )
        row = (
            -5, 2**40, 0.1, Decimal("12.34500"), "text é", b"\x00\xff", True,
            datetime.date(1999, 12, 31), datetime.time(1, 2, 3), datetime.datetime(2000, 1, 1, 12),
            datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc), datetime.timedelta(hours=1),
            "00000000-0000-0000-0000-000000000001",
        )
        with self.conn.cursor() as cursor:
            cursor.execute(f"INSERT INTO v VALUES ({','.join(['%s'] * len(row))})", row)
            cursor.execute("SELECT * FROM v")
            got = list(cursor.fetchone())
        got[5] = bytes(got[5])
        self.assertEqual(tuple(got), row)

    def test_description(self):
        with self.conn.cursor() as cursor:
            cursor.execute(
                "SELECT 1 AS i, 2::int8 AS l, 'x'::varchar(7) AS v, 1.5::numeric(8,3) AS n, true, 'u', null AS nothing"
            )
            names = [column.name for column in cursor.description]
            types = [column.type_code for column in cursor.description]
        self.assertEqual(names, ["i", "l", "v", "n", "?column?", "?column?", "nothing"])
        self.assertEqual(types, [23, 20, 1043, 1700, 16, 25, 25])
        self.assertEqual(cursor.description[3].precision, 8)
        self.assertEqual(cursor.description[3].scale, 3)
        self.assertEqual(cursor.description[0].internal_size, 4)

    def test_in_and_placeholders(self):
        self.assertEqual(self.one("SELECT 3 IN %s", ((1, 2, 3),)), True)
        self.assertEqual(self.rows("SELECT %(a)s, %(b)s, %(a)s", {"a": 1, "b": "x"}), [(1, "x", 1)])


class Statements(ClientTest):
    def setUp(self):
        super().setUp()
        self.run_sql("DROP TABLE IF EXISTS st", "CREATE TABLE st (id int PRIMARY KEY, v text)")

    def test_rowcount_and_status(self):
        with self.conn.cursor() as cursor:
            cursor.execute("INSERT INTO st VALUES (1, 'a'), (2, 'b'), (3, 'c')")
            self.assertEqual((cursor.rowcount, cursor.statusmessage), (3, "INSERT 0 3"))
            cursor.execute("UPDATE st SET v = v || '!' WHERE id < 3")
            self.assertEqual((cursor.rowcount, cursor.statusmessage), (2, "UPDATE 2"))
            cursor.execute("SELECT * FROM st")
            self.assertEqual((cursor.rowcount, cursor.statusmessage), (3, "SELECT 3"))
            cursor.execute("DELETE FROM st")
            self.assertEqual((cursor.rowcount, cursor.statusmessage), (3, "DELETE 3"))
            cursor.execute("CREATE TABLE st_other (a int)")
            self.assertEqual(cursor.statusmessage, "CREATE TABLE")
        self.conn.rollback()

    def test_returning(self):
        with self.conn.cursor() as cursor:
            cursor.execute("INSERT INTO st VALUES (1, 'a'), (2, 'b') RETURNING id, upper(v)")
            self.assertEqual(cursor.fetchall(), [(1, "A"), (2, "B")])

    def test_named_cursor(self):
        with self.conn.cursor("named") as cursor:
            cursor.itersize = 300
            cursor.execute("SELECT k, k::text FROM generate_series(1, %s) k", (1000,))
            rows = list(cursor)
        self.assertEqual((len(rows), rows[-1]), (1000, (1000, "1000")))
        with self.conn.cursor("scroll", scrollable=True) as cursor:
            cursor.execute("SELECT k FROM generate_series(1, 20) k")
            cursor.scroll(4)
            self.assertEqual(cursor.fetchone(), (5,))
            cursor.scroll(-3)
            self.assertEqual(cursor.fetchmany(2), [(3,), (4,)])
        held = self.conn.cursor("held", withhold=True)
        held.execute("SELECT k FROM generate_series(1, 3) k")
        self.conn.commit()
        self.assertEqual(held.fetchall(), [(1,), (2,), (3,)])
        held.close()

    def test_executemany_and_values(self):
        with self.conn.cursor() as cursor:
            cursor.executemany("INSERT INTO st VALUES (%s, %s)", [(n, str(n)) for n in range(100)])
            psycopg2.extras.execute_values(
                cursor, "INSERT INTO st VALUES %s", [(n, str(n)) for n in range(100, 3000)], page_size=500
            )
            psycopg2.extras.execute_batch(
                cursor, "UPDATE st SET v = %s WHERE id = %s", [("x", n) for n in range(50)], page_size=20
            )
        self.assertEqual(self.one("SELECT count(*) FROM st"), 3000)
        self.assertEqual(self.one("SELECT count(*) FROM st WHERE v = 'x'"), 50)

    def test_several_statements_in_one_query(self):
        self.conn.autocommit = True
        with self.conn.cursor() as cursor:
            cursor.execute("INSERT INTO st VALUES (1, 'a'); INSERT INTO st VALUES (2, 'b'); SELECT count(*) FROM st")
            self.assertEqual(cursor.fetchone(), (2,))
            with self.assertRaises(errors.UniqueViolation):
                cursor.execute("INSERT INTO st VALUES (3, 'c'); INSERT INTO st VALUES (1, 'dup')")
            cursor.execute("SELECT count(*) FROM st")
            self.assertEqual(cursor.fetchone(), (2,))

    def test_empty_query(self):
        with self.conn.cursor() as cursor:
            for nothing in ("", "-- only a comment", " ; ; "):
                with self.assertRaises(psycopg2.ProgrammingError) as caught:
                    cursor.execute(nothing)
                self.assertEqual(str(caught.exception), "can't execute an empty query")

    def test_large_result(self):
        with self.conn.cursor() as cursor:
            psycopg2.extras.execute_values(
                cursor, "INSERT INTO st VALUES %s", [(n, "v" * (n % 50)) for n in range(20000)], page_size=2000
            )
            cursor.execute("SELECT id, v FROM st ORDER BY id")
            rows = cursor.fetchall()
        self.assertEqual(len(rows), 20000)
        self.assertTrue(all(row == (n, "v" * (n % 50)) for n, row in enumerate(rows)))

    def test_large_parameter(self):
        text = "é" * 2_000_000
        with self.conn.cursor() as cursor:
            cursor.execute("INSERT INTO st VALUES (1, %s)", (text,))
        self.assertEqual(self.one("SELECT length(v) FROM st"), len(text))
        self.assertEqual(self.one("SELECT v FROM st"), text)

    def test_notices(self):
        with self.conn.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS nosuch_table")
        self.assertEqual(self.conn.notices, ['NOTICE:  table "nosuch_table" does not exist, skipping\n'])

    def test_dict_cursor(self):
        with self.conn.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute("SELECT 1 AS a, 'x' AS b")
            self.assertEqual(dict(cursor.fetchone()), {"a": 1, "b": "x"})


class Errors(ClientTest):
    def setUp(self):
        super().setUp()
        self.run_sql(
            "DROP TABLE IF EXISTS er_child, er",
            "CREATE TABLE er (id int PRIMARY KEY, v varchar(5) NOT NULL, n int CHECK (n > 0))",
            "CREATE TABLE er_child (id int REFERENCES er)",
            "INSERT INTO er VALUES (1, 'a', 1)",
        )

    def caught(self, kind, sql, parameters=None):
        with self.conn.cursor() as cursor, self.assertRaises(kind) as context:
            cursor.execute(sql, parameters)
        self.conn.rollback()
        return context.exception

    def test_unique(self):
        diag = self.caught(errors.UniqueViolation, "INSERT INTO er VALUES (1, 'b', 1)").diag
        self.assertEqual(diag.severity, "ERROR")
        self.assertEqual(diag.severity_nonlocalized, "ERROR")
        self.assertEqual(diag.sqlstate, "23505")
        self.assertEqual(diag.message_primary, 'duplicate key value violates unique constraint "er_pkey"')
        self.assertEqual(diag.message_detail, "Key (id)=(1) already exists.")
        self.assertEqual(diag.schema_name, "public")
        self.assertEqual(diag.table_name, "er")
        self.assertEqual(diag.constraint_name, "er_pkey")

    def test_not_null(self):
        diag = self.caught(errors.NotNullViolation, "INSERT INTO er VALUES (2, null, 1)").diag
        self.assertEqual(diag.message_detail, "Failing row contains (2, null, 1).")
        self.assertEqual((diag.table_name, diag.column_name), ("er", "v"))

    def test_check(self):
        diag = self.caught(errors.CheckViolation, "INSERT INTO er VALUES (2, 'b', -1)").diag
        self.assertEqual((diag.table_name, diag.constraint_name), ("er", "er_n_check"))

    def test_foreign_key(self):
        diag = self.caught(errors.ForeignKeyViolation, "INSERT INTO er_child VALUES (9)").diag
        self.assertEqual(diag.message_detail, 'Key (id)=(9) is not present in table "er".')
        self.assertEqual((diag.table_name, diag.constraint_name), ("er_child", "er_child_id_fkey"))

    def test_syntax_position(self):
        error = self.caught(errors.SyntaxError, "SELECT 'é', 1 FROM WHERE")
        self.assertEqual(error.diag.statement_position, "20")
        self.assertEqual(error.pgcode, psycopg2.errorcodes.SYNTAX_ERROR)
        self.assertIn("LINE 1: SELECT 'é', 1 FROM WHERE", str(error))

    def test_names(self):
        self.assertEqual(self.caught(errors.UndefinedTable, "SELECT * FROM nosuch").diag.statement_position, "15")
        self.assertEqual(self.caught(errors.UndefinedColumn, "SELECT nosuch FROM er").diag.statement_position, "8")
        error = self.caught(errors.UndefinedFunction, "SELECT nosuch(1)")
        self.assertIn("You might need to add explicit type casts", error.diag.message_hint)
        self.caught(errors.DuplicateTable, "CREATE TABLE er (a int)")

    def test_values(self):
        self.caught(errors.DivisionByZero, "SELECT 1 / 0")
        self.caught(errors.InvalidTextRepresentation, "SELECT %s::int", ("x",))
        self.caught(errors.NumericValueOutOfRange, "SELECT 2147483647 + 1")
        self.caught(errors.StringDataRightTruncation, "UPDATE er SET v = 'too long'")
        self.caught(errors.InvalidDatetimeFormat, "SELECT 'x'::date")
        self.caught(errors.DatetimeFieldOverflow, "SELECT '2024-02-30'::date")
        self.caught(errors.GroupingError, "SELECT v, count(*) FROM er")
        self.caught(errors.CardinalityViolation, "SELECT (SELECT 1 UNION ALL SELECT 2)")

    def test_class_hierarchy(self):
        self.assertIsInstance(self.caught(psycopg2.Error, "INSERT INTO er VALUES (1, 'b', 1)"), psycopg2.IntegrityError)
        self.assertIsInstance(self.caught(psycopg2.Error, "SELECT 1/0"), psycopg2.DataError)
        self.assertIsInstance(self.caught(psycopg2.Error, "SELECT * FROM nosuch"), psycopg2.ProgrammingError)

    def test_connection_survives(self):
        for _ in range(200):
            self.caught(errors.UndefinedTable, "SELECT * FROM nosuch")
        self.assertEqual(self.one("SELECT 1"), 1)


class Transactions(ClientTest):
    def setUp(self):
        super().setUp()
        self.run_sql("DROP TABLE IF EXISTS tx", "CREATE TABLE tx (id int PRIMARY KEY, n int)", "INSERT INTO tx VALUES (1, 10), (2, 20)")
        self.other = self.connect()

    def test_commit_and_rollback(self):
        with self.conn.cursor() as cursor:
            cursor.execute("INSERT INTO tx VALUES (3, 30)")
        self.assertEqual(self.one("SELECT count(*) FROM tx", conn=self.other), 2)
        self.conn.commit()
        self.assertEqual(self.one("SELECT count(*) FROM tx", conn=self.other), 3)
        with self.conn.cursor() as cursor:
            cursor.execute("DELETE FROM tx")
        self.conn.rollback()
        self.assertEqual(self.one("SELECT count(*) FROM tx"), 3)

    def test_context_manager(self):
        with self.assertRaises(errors.DivisionByZero):
            with self.conn, self.conn.cursor() as cursor:
                cursor.execute("INSERT INTO tx VALUES (3, 30)")
                cursor.execute("SELECT 1 / 0")
        with self.conn, self.conn.cursor() as cursor:
            cursor.execute("INSERT INTO tx VALUES (4, 40)")
        self.assertEqual(self.rows("SELECT id FROM tx ORDER BY id"), [(1,), (2,), (4,)])

    def test_failed_transaction(self):
        with self.conn.cursor() as cursor:
            with self.assertRaises(errors.DivisionByZero):
                cursor.execute("SELECT 1 / 0")
            self.assertEqual(self.conn.get_transaction_status(), psycopg2.extensions.TRANSACTION_STATUS_INERROR)
            with self.assertRaises(errors.InFailedSqlTransaction):
                cursor.execute("SELECT 1")
        self.conn.rollback()
        self.assertEqual(self.conn.get_transaction_status(), psycopg2.extensions.TRANSACTION_STATUS_IDLE)

    def test_autocommit(self):
        self.conn.autocommit = True
        with self.conn.cursor() as cursor:
            cursor.execute("INSERT INTO tx VALUES (3, 30)")
        self.assertEqual(self.one("SELECT count(*) FROM tx", conn=self.other), 3)

    def test_savepoints(self):
        with self.conn.cursor() as cursor:
            cursor.execute("SAVEPOINT a")
            with self.assertRaises(errors.UniqueViolation):
                cursor.execute("INSERT INTO tx VALUES (1, 1)")
            cursor.execute("ROLLBACK TO a")
            cursor.execute("INSERT INTO tx VALUES (3, 3)")
        self.conn.commit()
        self.assertEqual(self.one("SELECT count(*) FROM tx", conn=self.other), 3)

    def test_read_committed_sees_later_commits(self):
        self.assertEqual(self.one("SELECT n FROM tx WHERE id = 1"), 10)
        with self.other, self.other.cursor() as cursor:
            cursor.execute("UPDATE tx SET n = 11 WHERE id = 1")
        self.assertEqual(self.one("SELECT n FROM tx WHERE id = 1"), 11)

    def test_repeatable_read_keeps_its_snapshot(self):
        self.conn.set_session(isolation_level="REPEATABLE READ")
        self.assertEqual(self.one("SELECT n FROM tx WHERE id = 1"), 10)
        with self.other, self.other.cursor() as cursor:
            cursor.execute("UPDATE tx SET n = 11 WHERE id = 1")
            cursor.execute("INSERT INTO tx VALUES (3, 3)")
        self.assertEqual(self.rows("SELECT id, n FROM tx ORDER BY id"), [(1, 10), (2, 20)])
        with self.conn.cursor() as cursor, self.assertRaises(errors.SerializationFailure) as caught:
            cursor.execute("UPDATE tx SET n = n + 1 WHERE id = 1")
        self.assertEqual(caught.exception.diag.message_primary, "could not serialize access due to concurrent update")
        self.conn.rollback()
        self.assertEqual(self.one("SELECT count(*) FROM tx"), 3)

    def test_read_only(self):
        self.conn.set_session(readonly=True)
        with self.conn.cursor() as cursor, self.assertRaises(errors.ReadOnlySqlTransaction):
            cursor.execute("DELETE FROM tx")

    def test_waiting_for_a_row(self):
        with self.conn.cursor() as cursor:
            cursor.execute("UPDATE tx SET n = n + 1 WHERE id = 1")
        done = []

        def writer():
            with self.other, self.other.cursor() as cursor:
                cursor.execute("UPDATE tx SET n = n * 2 WHERE id = 1 RETURNING n")
                done.append(cursor.fetchone()[0])

        thread = threading.Thread(target=writer)
        thread.start()
        self.until_blocked(self.other, thread)
        self.assertEqual(done, [])
        self.conn.commit()
        thread.join(30)
        self.assertEqual(done, [22])

    def test_lock_timeout(self):
        with self.conn.cursor() as cursor:
            cursor.execute("SELECT * FROM tx WHERE id = 1 FOR UPDATE")
        with self.other.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
            with self.assertRaises(errors.LockNotAvailable) as caught:
                cursor.execute("UPDATE tx SET n = 0 WHERE id = 1")
        self.assertEqual(caught.exception.diag.message_primary, "canceling statement due to lock timeout")
        self.other.rollback()
        with self.other.cursor() as cursor:
            with self.assertRaises(errors.LockNotAvailable):
                cursor.execute("SELECT * FROM tx WHERE id = 1 FOR UPDATE NOWAIT")
        self.other.rollback()
        self.assertEqual(
            self.rows("SELECT id FROM tx ORDER BY id FOR UPDATE SKIP LOCKED", conn=self.other), [(2,)]
        )

    def test_deadlock(self):
        with self.conn.cursor() as cursor:
            cursor.execute("UPDATE tx SET n = 1 WHERE id = 1")
        with self.other.cursor() as cursor:
            cursor.execute("UPDATE tx SET n = 2 WHERE id = 2")
        failures = []

        def cross(conn, row):
            try:
                with conn.cursor() as cursor:
                    cursor.execute("UPDATE tx SET n = 3 WHERE id = %s", (row,))
                conn.commit()
            except errors.DeadlockDetected as error:
                failures.append(error.pgcode)
                conn.rollback()

        threads = [threading.Thread(target=cross, args=(self.conn, 2)), threading.Thread(target=cross, args=(self.other, 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertEqual(failures, ["40P01"])

    def test_concurrent_increments(self):
        def add():
            conn = psycopg2.connect(DSN)
            for _ in range(50):
                with conn, conn.cursor() as cursor:
                    cursor.execute("UPDATE tx SET n = n + 1 WHERE id = 1")
            conn.close()

        threads = [threading.Thread(target=add) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertEqual(self.one("SELECT n FROM tx WHERE id = 1"), 310)

    def test_lost_connection_is_undone(self):
        with self.conn.cursor() as cursor:
            cursor.execute("DELETE FROM tx")
        self.conn.close()
        with self.other.cursor() as cursor:
            cursor.execute("UPDATE tx SET n = 5 WHERE id = 1")
            self.assertEqual(cursor.rowcount, 1)


class Copy(ClientTest):
    def setUp(self):
        super().setUp()
        self.run_sql("DROP TABLE IF EXISTS cp", "CREATE TABLE cp (id int PRIMARY KEY, v text, n numeric)")

    def test_copy_from_and_to(self):
        source = io.StringIO("1\tone\t1.5\n2\t\\N\t\\N\n3\ttab\\there\t-1\n")
        with self.conn.cursor() as cursor:
            cursor.copy_from(source, "cp")
            self.assertEqual(cursor.rowcount, 3)
            cursor.execute("SELECT * FROM cp ORDER BY id")
            self.assertEqual(
                cursor.fetchall(), [(1, "one", Decimal("1.5")), (2, None, None), (3, "tab\there", Decimal("-1"))]
            )
            target = io.StringIO()
            cursor.copy_to(target, "cp", columns=("id", "v"))
        self.assertEqual(target.getvalue(), "1\tone\n2\t\\N\n3\ttab\\there\n")

    def test_csv(self):
        source = io.StringIO('id,v,n\n1,"a, b",\n2,"say ""hi""\nthere",2\n')
        with self.conn.cursor() as cursor:
            cursor.copy_expert("COPY cp FROM STDIN WITH (FORMAT csv, HEADER)", source)
            self.assertEqual(cursor.rowcount, 2)
            target = io.StringIO()
            cursor.copy_expert("COPY (SELECT v, n FROM cp ORDER BY id) TO STDOUT WITH CSV", target)
        self.assertEqual(target.getvalue(), '"a, b",\n"say ""hi""\nthere",2\n')

    def test_many_rows(self):
        source = io.StringIO("".join(f"{n}\tvalue {n}\t{n}.25\n" for n in range(50000)))
        with self.conn.cursor() as cursor:
            cursor.copy_from(source, "cp")
        self.assertEqual(self.rows("SELECT count(*), sum(id), sum(n) FROM cp"), [(50000, 1249975000, Decimal("1249987500.00"))])
        target = io.StringIO()
        with self.conn.cursor() as cursor:
            cursor.copy_expert("COPY (SELECT * FROM cp ORDER BY id) TO STDOUT", target)
        self.assertEqual(target.getvalue(), source.getvalue())

    def test_error_undoes_all(self):
        with self.conn.cursor() as cursor:
            with self.assertRaises(errors.InvalidTextRepresentation) as caught:
                cursor.copy_from(io.StringIO("1\ta\t1\nx\tb\t2\n"), "cp")
        self.assertIn("COPY cp, line 2, column id", caught.exception.diag.context)
        self.conn.rollback()
        self.assertEqual(self.one("SELECT count(*) FROM cp"), 0)
        with self.conn.cursor() as cursor, self.assertRaises(errors.UniqueViolation):
            cursor.copy_from(io.StringIO("1\ta\t1\n1\tb\t2\n"), "cp")
        self.conn.rollback()
        self.assertEqual(self.one("SELECT count(*) FROM cp"), 0)

    def test_refused_before_any_data(self):
        for sql, kind in (
            ("COPY nosuch FROM STDIN", errors.UndefinedTable),
            ("COPY cp (nosuch) FROM STDIN", errors.UndefinedColumn),
            ("COPY cp FROM STDIN WITH (FORMAT nosuch)", errors.InvalidParameterValue),
            ("COPY cp (id, id) FROM STDIN", errors.DuplicateColumn),
        ):
            with self.conn.cursor() as cursor, self.assertRaises(kind):
                cursor.copy_expert(sql, io.StringIO("1\ta\t1\n"))
            self.conn.rollback()
        self.assertEqual(self.one("SELECT count(*) FROM cp"), 0)

    def test_client_gives_up(self):
        class Broken:
            """A source that fails after some rows; psycopg2 then sends CopyFail."""

            def __init__(self):
                self.calls = 0

            def read(self, _size):
                self.calls += 1
                if self.calls > 3:
                    raise RuntimeError("source broke")
                return f"{self.calls}\tx\t1\n"

        with self.conn.cursor() as cursor, self.assertRaises(errors.QueryCanceled):
            cursor.copy_from(Broken(), "cp")
        self.conn.rollback()
        self.assertEqual(self.one("SELECT count(*) FROM cp"), 0)


class Cancel(ClientTest):
    def cancelled(self, sql):
        timer = threading.Timer(0.3, self.conn.cancel)
        timer.start()
        started = time.monotonic()
        with self.conn.cursor() as cursor, self.assertRaises(errors.QueryCanceled) as caught:
            cursor.execute(sql)
        timer.join()
        self.assertLess(time.monotonic() - started, 10)
        self.conn.rollback()
        return caught.exception.diag.message_primary

    def test_sleeping(self):
        self.assertEqual(self.cancelled("SELECT pg_sleep(60)"), "canceling statement due to user request")
        self.assertEqual(self.one("SELECT 1"), 1)

    def test_busy(self):
        self.run_sql("DROP TABLE IF EXISTS cn", "CREATE TABLE cn (n int)")
        with self.conn.cursor() as cursor:
            psycopg2.extras.execute_values(cursor, "INSERT INTO cn VALUES %s", [(n,) for n in range(3000)])
        self.conn.commit()
        message = self.cancelled("SELECT count(*) FROM cn a, cn b, cn c WHERE a.n + b.n + c.n < 0")
        self.assertEqual(message, "canceling statement due to user request")

    def test_waiting_for_a_lock(self):
        self.run_sql("DROP TABLE IF EXISTS cl", "CREATE TABLE cl (n int)", "INSERT INTO cl VALUES (1)")
        holder = self.connect()
        with holder.cursor() as cursor:
            cursor.execute("UPDATE cl SET n = 2")
        self.assertEqual(self.cancelled("UPDATE cl SET n = 3"), "canceling statement due to user request")

    def test_statement_timeout(self):
        with self.conn.cursor() as cursor:
            cursor.execute("SET statement_timeout = '200ms'")
            with self.assertRaises(errors.QueryCanceled) as caught:
                cursor.execute("SELECT pg_sleep(60)")
        self.assertEqual(caught.exception.diag.message_primary, "canceling statement due to statement timeout")

    def test_idle_cancel_is_harmless(self):
        self.conn.cancel()
        time.sleep(0.1)
        self.assertEqual(self.one("SELECT 5"), 5)


if __name__ == "__main__":
    unittest.main()
