"""SQLAlchemy Core on the psycopg2 dialect: connecting, tables, plain SQL, errors.

Goal: an application written with SQLAlchemy works. Method: statements are built with Core, run, and the results
compared; the engine is disposed after each test.
"""

import datetime
import unittest
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy import exc

from target import DSN, ClientTest


def engine_url():
    """SQLAlchemy takes the same URI with a driver name of its own."""
    return DSN.replace("postgresql://", "postgresql+psycopg2://", 1)


class Core(ClientTest):
    def setUp(self):
        super().setUp()
        self.engine = sa.create_engine(engine_url(), future=True)
        self.addCleanup(self.engine.dispose)
        metadata = sa.MetaData()
        self.authors = sa.Table(
            "sa_authors", metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(40), nullable=False, unique=True),
            sa.Column("born", sa.Date),
        )
        self.books = sa.Table(
            "sa_books", metadata,
            sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("author_id", sa.ForeignKey("sa_authors.id"), nullable=False),
            sa.Column("title", sa.Text, nullable=False),
            sa.Column("price", sa.Numeric(8, 2), server_default="9.99"),
            sa.Column("sold", sa.Boolean, nullable=False, default=False),
            sa.Index("sa_books_title", "title"),
        )
        self.run_sql("DROP TABLE IF EXISTS sa_books, sa_authors")
        with self.engine.begin() as conn:
            metadata.create_all(conn, checkfirst=False)
            conn.execute(self.authors.insert(), [
                {"name": "Ann", "born": datetime.date(1950, 1, 2)},
                {"name": "Bob", "born": None},
                {"name": "Cid", "born": datetime.date(1980, 5, 6)},
            ])
            conn.execute(self.books.insert(), [
                {"author_id": 1, "title": "First", "price": Decimal("5.50"), "sold": True},
                {"author_id": 1, "title": "Second", "price": Decimal("7.25"), "sold": False},
                {"author_id": 2, "title": "Third", "price": Decimal("1.00"), "sold": True},
            ])

    def execute(self, statement, **parameters):
        with self.engine.connect() as conn:
            return [tuple(row) for row in conn.execute(statement, parameters)]

    def test_connect_and_version(self):
        with self.engine.connect() as conn:
            self.assertEqual(conn.scalar(sa.text("SELECT 1")), 1)
            self.assertEqual(self.engine.dialect.server_version_info[0], 15)
            self.assertEqual(self.engine.dialect.default_schema_name, "public")
            self.assertEqual(conn.get_isolation_level(), "READ COMMITTED")

    def test_text_with_parameters(self):
        rows = self.execute(sa.text("SELECT title FROM sa_books WHERE price > :low AND sold = :sold ORDER BY title"), low=2, sold=True)
        self.assertEqual(rows, [("First",)])

    def test_insert_returns_key(self):
        with self.engine.begin() as conn:
            result = conn.execute(self.authors.insert().values(name="Dee"))
            self.assertEqual(result.inserted_primary_key[0], 4)
            result = conn.execute(self.books.insert().values(author_id=4, title="Fourth"))
            self.assertEqual(result.inserted_primary_key[0], 4)
            self.assertEqual(conn.scalar(sa.select(self.books.c.price).where(self.books.c.id == 4)), Decimal("9.99"))

    def test_select_join_group(self):
        a, b = self.authors.c, self.books.c
        rows = self.execute(
            sa.select(a.name, sa.func.count(b.id), sa.func.coalesce(sa.func.sum(b.price), 0))
            .select_from(self.authors.outerjoin(self.books))
            .group_by(a.name).order_by(a.name)
        )
        self.assertEqual(rows, [("Ann", 2, Decimal("12.75")), ("Bob", 1, Decimal("1.00")), ("Cid", 0, Decimal("0"))])

    def test_predicates(self):
        b = self.books.c
        self.assertEqual(self.execute(sa.select(b.id).where(b.title.like("%ir%")).order_by(b.id)), [(1,), (3,)])
        self.assertEqual(self.execute(sa.select(b.id).where(b.title.ilike("FIRST"))), [(1,)])
        self.assertEqual(self.execute(sa.select(b.id).where(b.id.in_([1, 3, 9])).order_by(b.id.desc())), [(3,), (1,)])
        self.assertEqual(self.execute(sa.select(b.id).where(sa.or_(b.sold, b.price > 7)).order_by(b.id).limit(2).offset(1)), [(2,), (3,)])
        self.assertEqual(self.execute(sa.select(self.authors.c.name).where(self.authors.c.born.is_(None))), [("Bob",)])
        exists = sa.exists().where(b.author_id == self.authors.c.id)
        self.assertEqual(self.execute(sa.select(self.authors.c.name).where(~exists)), [("Cid",)])
        case = sa.case((b.price > 5, "dear"), else_="cheap")
        self.assertEqual(self.execute(sa.select(case, sa.func.count()).group_by(case).order_by(case)), [("cheap", 1), ("dear", 2)])
        union = sa.union_all(sa.select(b.id), sa.select(self.authors.c.id)).subquery()
        self.assertEqual(self.execute(sa.select(sa.func.count()).select_from(union)), [(6,)])
        self.assertEqual(self.execute(sa.select(sa.cast(b.id, sa.String) + "x", sa.func.upper(b.title)).where(b.id == 1)), [("1x", "FIRST")])

    def test_update_delete(self):
        with self.engine.begin() as conn:
            result = conn.execute(self.books.update().where(self.books.c.author_id == 1).values(price=self.books.c.price * 2))
            self.assertEqual(result.rowcount, 2)
            rows = conn.execute(self.books.delete().where(self.books.c.id == 1).returning(self.books.c.title)).all()
            self.assertEqual([tuple(row) for row in rows], [("First",)])
        self.assertEqual(self.execute(sa.select(self.books.c.price).order_by(self.books.c.id)), [(Decimal("14.50"),), (Decimal("1.00"),)])

    def test_errors(self):
        with self.engine.connect() as conn:
            with self.assertRaises(exc.IntegrityError) as caught:
                conn.execute(self.authors.insert().values(name="Ann"))
            self.assertEqual(caught.exception.orig.diag.constraint_name, "sa_authors_name_key")
            conn.rollback()
            with self.assertRaises(exc.ProgrammingError):
                conn.execute(sa.text("SELECT nosuch"))
            conn.rollback()
            with self.assertRaises(exc.DataError):
                conn.execute(sa.text("SELECT 1 / 0"))

    def test_transactions(self):
        with self.engine.connect() as conn:
            outer = conn.begin()
            conn.execute(self.authors.insert().values(name="kept"))
            inner = conn.begin_nested()
            conn.execute(self.authors.insert().values(name="dropped"))
            inner.rollback()
            outer.commit()
        names = [row[0] for row in self.execute(sa.select(self.authors.c.name).where(self.authors.c.id > 3))]
        self.assertEqual(names, ["kept"])
        with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
            self.assertEqual(conn.get_isolation_level(), "REPEATABLE READ")
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(self.authors.insert().values(name="at once"))
        self.assertEqual(self.execute(sa.select(sa.func.count()).select_from(self.authors)), [(5,)])

    def test_pool_is_reused(self):
        pids = set()
        for _ in range(10):
            with self.engine.connect() as conn:
                pids.add(conn.scalar(sa.text("SELECT pg_backend_pid()")))
        self.assertEqual(len(pids), 1)

    def test_create_all_checks_first(self):
        metadata = sa.MetaData()
        sa.Table("sa_checked", metadata, sa.Column("id", sa.Integer, primary_key=True))
        self.run_sql("DROP TABLE IF EXISTS sa_checked")
        with self.engine.begin() as conn:
            metadata.create_all(conn)
            metadata.create_all(conn)
            self.assertTrue(sa.inspect(conn).has_table("sa_checked"))
            self.assertFalse(sa.inspect(conn).has_table("sa_nosuch"))
            metadata.drop_all(conn)
            metadata.drop_all(conn)


if __name__ == "__main__":
    unittest.main()
