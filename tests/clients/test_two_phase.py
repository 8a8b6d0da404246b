"""Two-phase commit by its clients: psycopg2's and psycopg 3's tpc_*, SQLAlchemy's begin_twophase and sessions.

Goal: the DB-API's two-phase extension works as on PostgreSQL. Method: transactions are prepared, recovered by other
connections, and ended; each test ends what it prepared.
"""

import unittest

import psycopg
import psycopg2
import sqlalchemy as sa
from sqlalchemy import orm

from target import DSN, ClientTest
from test_sqlalchemy import engine_url


class Psycopg2(ClientTest):
    def setUp(self):
        super().setUp()
        self.run_sql("DROP TABLE IF EXISTS tpc", "CREATE TABLE tpc (a int)")

    def count(self):
        conn = self.connect()
        return self.one("SELECT count(*) FROM tpc", conn=conn)

    def prepare(self, conn, xid, value):
        conn.tpc_begin(xid)
        with conn.cursor() as cursor:
            cursor.execute("INSERT INTO tpc VALUES (%s)", (value,))
        conn.tpc_prepare()

    def test_commit(self):
        conn = self.connect()
        self.prepare(conn, conn.xid(1, "commit", "branch"), 1)
        self.assertEqual(self.count(), 0)
        conn.tpc_commit()
        self.assertEqual(self.count(), 1)

    def test_rollback(self):
        conn = self.connect()
        self.prepare(conn, conn.xid(1, "rollback", "branch"), 1)
        conn.tpc_rollback()
        self.assertEqual(self.count(), 0)

    def test_one_phase(self):
        conn = self.connect()
        for commit in (True, False):
            conn.tpc_begin(conn.xid(1, "single", "branch"))
            with conn.cursor() as cursor:
                cursor.execute("INSERT INTO tpc VALUES (1)")
            conn.tpc_commit() if commit else conn.tpc_rollback()
        self.assertEqual(self.count(), 1)

    def test_recover(self):
        conn = self.connect()
        self.prepare(conn, conn.xid(42, "global", "first"), 1)
        conn.close()
        conn = self.connect()
        self.prepare(conn, conn.xid(42, "global", "second"), 2)
        conn.reset()
        conn.close()
        conn = self.connect()
        found = {x.bqual: x for x in conn.tpc_recover() if x.format_id == 42 and x.gtrid == "global"}
        self.assertEqual(sorted(found), ["first", "second"])
        self.assertEqual((found["first"].owner, found["first"].database), ("postgres", "postgres"))
        self.assertIsNotNone(found["first"].prepared)
        conn.rollback()  # tpc_recover has begun a transaction
        conn.tpc_commit(found["first"])
        conn.tpc_rollback(found["second"])
        self.assertEqual(self.one("SELECT array_agg(a) FROM tpc", conn=self.connect()), [1])

    def test_errors(self):
        conn = self.connect()
        with self.assertRaises(psycopg2.errors.UndefinedObject):
            conn.tpc_commit(conn.xid(0, "nosuch", "x"))
        self.prepare(conn, conn.xid(1, "twice", "x"), 1)
        other = self.connect()
        with self.assertRaises(psycopg2.errors.DuplicateObject):
            self.prepare(other, other.xid(1, "twice", "x"), 2)
        conn.tpc_rollback()


class Psycopg3(unittest.TestCase):
    def test_tpc(self):
        with psycopg.connect(DSN, autocommit=True) as other:
            other.execute("DROP TABLE IF EXISTS tpc3")
            other.execute("CREATE TABLE tpc3 (a int)")
            with psycopg.connect(DSN) as conn:
                xid = conn.xid(1, "psycopg", "3")
                conn.tpc_begin(xid)
                conn.execute("INSERT INTO tpc3 VALUES (%s)", (1,))
                conn.tpc_prepare()
                self.assertEqual(other.execute("SELECT count(*) FROM tpc3").fetchone(), (0,))
                self.assertIn(xid.gtrid, [x.gtrid for x in other.tpc_recover()])
                conn.tpc_commit()
            self.assertEqual(other.execute("SELECT count(*) FROM tpc3").fetchone(), (1,))


class SQLAlchemy(ClientTest):
    def setUp(self):
        super().setUp()
        self.engines = [sa.create_engine(engine_url(), future=True) for _ in range(2)]
        self.tables = []
        for i, engine in enumerate(self.engines):
            self.addCleanup(engine.dispose)
            table = sa.Table(f"sa_two_{i}", sa.MetaData(), sa.Column("a", sa.Integer, primary_key=True))
            table.drop(engine, checkfirst=True)
            table.create(engine)
            self.tables.append(table)

    def count(self, i):
        with self.engines[i].connect() as conn:
            return conn.scalar(sa.select(sa.func.count()).select_from(self.tables[i]))

    def test_connection(self):
        with self.engines[0].connect() as conn:
            trans = conn.begin_twophase()
            conn.execute(self.tables[0].insert(), {"a": 1})
            trans.prepare()
            self.assertEqual(self.count(0), 0)
            self.assertIn(trans.xid, self.engines[1].connect().recover_twophase())
            trans.commit()
            self.assertEqual(self.count(0), 1)
            trans = conn.begin_twophase()
            conn.execute(self.tables[0].insert(), {"a": 2})
            trans.prepare()
            trans.rollback()
            self.assertEqual(self.count(0), 1)

    def test_session_over_two_engines(self):
        base = orm.declarative_base()

        class First(base):
            __table__ = self.tables[0]

        class Second(base):
            __table__ = self.tables[1]

        binds = {First: self.engines[0], Second: self.engines[1]}
        with orm.Session(twophase=True, binds=binds, future=True) as session:
            session.add_all([First(a=1), Second(a=1)])
            session.commit()
            self.assertEqual((self.count(0), self.count(1)), (1, 1))
            session.add_all([First(a=2), Second(a=2)])
            session.flush()
            session.prepare()
            session.rollback()
            self.assertEqual((self.count(0), self.count(1)), (1, 1))
            # One of the two fails: neither commits.
            session.add_all([First(a=3), Second(a=1)])
            with self.assertRaises(sa.exc.IntegrityError):
                session.commit()
            session.rollback()
        self.assertEqual((self.count(0), self.count(1)), (1, 1))


if __name__ == "__main__":
    unittest.main()
