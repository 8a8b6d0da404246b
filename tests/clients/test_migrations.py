"""Schema migrations as Alembic and Django write them: operations of every kind, there and back.

Goal: each operation that works on PostgreSQL works. Method: the operations run through Alembic's Operations and Django's
schema editor; a schema that was changed, changed back and changed again is dumped equal; autogenerate finds no difference.
"""

import os
import subprocess
import unittest

import django
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from django import conf
from sqlalchemy.dialects import postgresql as pg

from target import DSN, ClientTest

SCHEMA = "migr"


def dump():
    """The schema as pg_dump writes it, but for what differs from run to run."""
    done = subprocess.run(["pg_dump", "-s", "-n", SCHEMA, DSN], capture_output=True, text=True, check=True, env=dict(os.environ))
    return [line for line in done.stdout.splitlines() if not line.startswith(("\\", "--"))]


class Migrations(ClientTest):
    def setUp(self):
        super().setUp()
        self.run_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE", f"CREATE SCHEMA {SCHEMA}")
        self.addCleanup(self.run_sql, f"DROP SCHEMA {SCHEMA} CASCADE")
        self.engine = sa.create_engine(
            DSN.replace("postgresql://", "postgresql+psycopg2://", 1), connect_args={"options": f"-csearch_path={SCHEMA},public"})
        self.addCleanup(self.engine.dispose)

    def run_operations(self, *steps):
        """Each step is a function of Operations, in a transaction of its own."""
        for step in steps:
            with self.engine.begin() as conn:
                step(Operations(MigrationContext.configure(conn)))


def make(op):
    op.create_table(
        "account", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50), nullable=False, comment="who"),
        sa.Column("email", sa.String(200), unique=True), sa.Column("balance", sa.Numeric(12, 2), server_default="0", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()")),
        sa.Column("active", sa.Boolean, server_default=sa.true()), sa.Column("data", pg.JSONB, server_default=sa.text("'{}'::jsonb")),
        sa.Column("tags", pg.ARRAY(sa.Text)), sa.Column("uid", pg.UUID, server_default=sa.text("gen_random_uuid()")),
        sa.Column("ip", pg.INET), sa.Column("span", pg.INTERVAL), sa.Column("raw", sa.LargeBinary), sa.Column("big", sa.BigInteger),
        sa.Column("small", sa.SmallInteger), sa.CheckConstraint("balance >= 0", name="ck_balance"), comment="accounts")
    op.create_table(
        "orders", sa.Column("id", sa.BigInteger, sa.Identity(always=True, start=10, increment=5), primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE", onupdate="CASCADE", name="fk_acc")),
        sa.Column("qty", sa.Integer, nullable=False), sa.Column("price", sa.Numeric(8, 2), nullable=False),
        sa.Column("total", sa.Numeric(12, 2), sa.Computed("qty * price", persisted=True)), sa.Column("status", sa.String(10)),
        sa.UniqueConstraint("account_id", "status", name="uq_as", deferrable=True, initially="DEFERRED"))
    account = sa.table("account", sa.column("id", sa.Integer), sa.column("name", sa.String), sa.column("big", sa.BigInteger))
    op.bulk_insert(account, [{"id": i, "name": f"n{i}", "big": i * 1000} for i in range(1, 51)])
    op.execute("INSERT INTO orders (account_id, qty, price, status) SELECT i, i, 1.5, 'new' FROM generate_series(1, 50) i")


def alter(op):
    op.add_column("account", sa.Column("score", sa.Integer, nullable=False, server_default="7"))
    op.add_column("account", sa.Column("nick", sa.Text))
    op.add_column("account", sa.Column("lower_mail", sa.Text, sa.Computed("lower(email)", persisted=True)))
    op.add_column("orders", sa.Column("seq", sa.Integer, sa.Identity(), nullable=False))
    op.create_index("ix_lower", "account", [sa.text("lower(name)"), sa.text("id DESC NULLS LAST")], unique=True)
    op.create_index("ix_part", "account", ["score"], postgresql_where=sa.text("active AND small > 0"))
    op.alter_column("account", "name", type_=sa.Text)
    op.alter_column("account", "small", type_=sa.Integer, postgresql_using="small * 2")
    op.alter_column("account", "big", type_=sa.Text, postgresql_using="big::text")
    op.alter_column("account", "score", server_default=None)
    op.alter_column("account", "score", server_default=sa.text("1 + 2"), nullable=True)
    op.alter_column("account", "nick", new_column_name="alias")
    op.alter_column("account", "active", nullable=False, server_default=sa.false(), comment="is it")
    op.alter_column("orders", "seq", server_default=sa.Identity(always=True, increment=3), existing_server_default=sa.Identity())
    op.create_index("ix_name", "account", ["name"])
    op.create_index("ix_include", "account", ["score"], postgresql_include=["name", "balance"])
    op.create_index("ix_gin", "account", ["data"], postgresql_using="gin", postgresql_ops={"data": "jsonb_path_ops"})
    op.create_index("ix_tags", "account", ["tags"], postgresql_using="gin", postgresql_with={"fastupdate": "off"})
    op.create_index("ix_pattern", "account", ["name"], postgresql_ops={"name": "text_pattern_ops"})
    op.create_index("ix_hash", "account", ["alias"], postgresql_using="hash")
    op.create_index("ix_brin", "orders", ["id"], postgresql_using="brin", postgresql_with={"pages_per_range": 32})
    op.create_check_constraint("ck_qty", "orders", "qty > 0")
    op.execute("ALTER TABLE orders ADD CONSTRAINT ck_price CHECK (price < 1000) NOT VALID")
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_price")
    op.create_unique_constraint("uq_alias", "account", ["alias", "score"], deferrable=True)
    op.create_exclude_constraint("ex_uid", "account", ("uid", "="), using="btree", where="active")
    op.drop_constraint("fk_acc", "orders", type_="foreignkey")
    op.create_foreign_key("fk_acc", "orders", "account", ["account_id"], ["id"], ondelete="SET NULL", deferrable=True)
    op.create_table_comment("orders", "the orders")
    op.drop_table_comment("account")
    op.rename_table("orders", "purchase")
    op.execute("CREATE MATERIALIZED VIEW stats AS SELECT status, count(*) AS n FROM purchase GROUP BY status")
    op.execute("CREATE UNIQUE INDEX ON stats (status)")
    op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY stats")
    op.execute("CREATE VIEW rich AS SELECT id, name FROM account WHERE balance > 100 WITH LOCAL CHECK OPTION")
    op.execute("CREATE TABLE snap (LIKE account INCLUDING ALL)")
    mood = pg.ENUM("sad", "ok", name="mood")
    mood.create(op.get_bind())
    op.add_column("account", sa.Column("mood", pg.ENUM(name="mood", create_type=False), server_default="ok", nullable=False))


def enum_value(op):
    """ALTER TYPE ... ADD VALUE; its value may be used by the next transaction only."""
    op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'calm' BEFORE 'ok'")


def enum_anew(op):
    """An enum with a value less: as migrations do it, by a new type."""
    op.execute("ALTER TABLE account ALTER mood DROP DEFAULT")
    op.execute("ALTER TYPE mood RENAME TO mood_old")
    op.execute("CREATE TYPE mood AS ENUM ('sad', 'ok')")
    op.execute("ALTER TABLE account ALTER mood TYPE mood USING mood::text::mood, ALTER mood SET DEFAULT 'sad'")
    op.execute("DROP TYPE mood_old")


def back(op):
    op.drop_column("account", "mood")
    op.execute("DROP TYPE mood")
    op.drop_table("snap")
    op.execute("DROP VIEW rich")
    op.execute("DROP MATERIALIZED VIEW stats")
    op.rename_table("purchase", "orders")
    op.create_table_comment("account", "accounts")
    op.drop_table_comment("orders")
    op.drop_constraint("fk_acc", "orders", type_="foreignkey")
    op.create_foreign_key("fk_acc", "orders", "account", ["account_id"], ["id"], ondelete="CASCADE", onupdate="CASCADE")
    for constraint, table in (("ex_uid", "account"), ("uq_alias", "account"), ("ck_price", "orders"), ("ck_qty", "orders")):
        op.drop_constraint(constraint, table)
    for index in "ix_name ix_lower ix_part ix_include ix_gin ix_tags ix_pattern ix_hash ix_brin".split():
        op.drop_index(index)
    op.drop_column("orders", "seq")
    op.drop_column("account", "lower_mail")
    op.alter_column("account", "active", nullable=True, server_default=sa.true(), comment=None)
    op.drop_column("account", "alias")
    op.drop_column("account", "score")
    op.alter_column("account", "big", type_=sa.BigInteger, postgresql_using="big::bigint")
    op.alter_column("account", "small", type_=sa.SmallInteger)
    op.alter_column("account", "name", type_=sa.String(50))


class Alembic(Migrations):
    def test_there_and_back(self):
        self.run_operations(make)
        made = dump()
        self.run_operations(alter, enum_value, enum_anew)
        altered = dump()
        self.run_operations(back)
        self.assertEqual(dump(), made)
        self.run_operations(alter, enum_value, enum_anew)
        self.assertEqual(dump(), altered)
        with self.engine.connect() as conn:
            self.assertEqual(conn.execute(sa.text("SELECT count(*), sum(total) FROM purchase")).one(), (50, 1912.5))
            self.assertEqual(conn.execute(sa.text("SELECT big FROM account WHERE lower(name) = 'n7'")).scalar(), "7000")

    def test_concurrently_in_autocommit(self):
        self.run_operations(make)
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            op = Operations(MigrationContext.configure(conn))
            op.create_index("ix_conc", "account", ["big"], postgresql_concurrently=True)
            op.drop_index("ix_conc", "account", postgresql_concurrently=True)

    def test_a_migration_that_fails_leaves_nothing(self):
        self.run_operations(make)
        made = dump()

        def fails(op):
            alter(op)
            op.execute("ALTER TABLE nowhere ADD COLUMN a int")

        with self.assertRaises(sa.exc.ProgrammingError):
            self.run_operations(fails)
        self.assertEqual(dump(), made)

    def test_autogenerate_finds_no_difference(self):
        """What a model makes is what reflection sees: types, defaults, computed and identity columns, keys, indexes, comments."""
        metadata = sa.MetaData()
        one = sa.Table(
            "one", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.String(20), server_default="x", comment="c"),
            sa.Column("b", sa.Numeric(8, 3), server_default=sa.text("1.5")), sa.Column("c", pg.ARRAY(sa.Integer)),
            sa.Column("d", pg.JSONB, nullable=False), sa.Column("e", sa.DateTime(timezone=True), server_default=sa.func.now()),
            sa.Column("f", sa.Enum("x", "y", name="kind")), sa.Column("g", sa.Integer, sa.Computed("id * 2", persisted=True)),
            sa.Column("h", pg.INT4RANGE), sa.Column("i", sa.Boolean, server_default=sa.false()), sa.Column("j", pg.TSTZRANGE),
            sa.UniqueConstraint("a", "b", name="one_ab"), sa.CheckConstraint("b > 0", name="one_b"), comment="first")
        sa.Index("one_lower", sa.func.lower(one.c.a), postgresql_where=one.c.i)
        sa.Index("one_gin", one.c.d, postgresql_using="gin")
        sa.Table("two", metadata, sa.Column("k", sa.BigInteger, sa.Identity(start=7), primary_key=True),
                 sa.Column("one_id", sa.ForeignKey("one.id", ondelete="SET NULL", deferrable=True, initially="DEFERRED"), index=True))
        metadata.create_all(self.engine)
        with self.engine.connect() as conn:
            options = {"compare_type": True, "compare_server_default": True}
            self.assertEqual(compare_metadata(MigrationContext.configure(conn, opts=options), metadata), [])


def django_operations():
    """Django's operations; made when it is configured."""
    from django.contrib.postgres import fields as pf
    from django.contrib.postgres.constraints import ExclusionConstraint
    from django.contrib.postgres.fields import RangeOperators
    from django.contrib.postgres.indexes import BrinIndex, BTreeIndex, GinIndex, HashIndex
    from django.db import models
    from django.db.migrations import operations as do

    def key(to, **options):
        return models.ForeignKey(to, null=True, on_delete=models.PROTECT, related_name="+", **options)

    return [
        do.CreateModel("Cat", [("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=30, unique=True)),
                               ("slug", models.SlugField()), ("parent", key("self"))]),
        do.CreateModel("Item", [
            ("id", models.BigAutoField(primary_key=True)), ("title", models.CharField(max_length=100, db_index=True)),
            ("price", models.DecimalField(max_digits=8, decimal_places=2)), ("n", models.IntegerField()),
            ("pos", models.PositiveIntegerField(default=1)), ("small", models.SmallIntegerField(default=0)),
            ("big", models.BigIntegerField(null=True)), ("flag", models.BooleanField(default=False)),
            ("created", models.DateTimeField(auto_now_add=True)), ("day", models.DateField(null=True)),
            ("uid", models.UUIDField(unique=True)), ("data", models.JSONField(default=dict)),
            ("tags", pf.ArrayField(models.CharField(max_length=20), default=list)), ("ip", models.GenericIPAddressField(null=True)),
            ("span", pf.DateTimeRangeField(null=True)), ("email", models.EmailField(max_length=254, blank=True)),
            ("cat", models.ForeignKey("shop.Cat", on_delete=models.CASCADE, related_name="items")),
        ], options={"unique_together": {("title", "cat")}, "index_together": {("n", "pos")}}),
        do.CreateModel("Tag", [("id", models.BigAutoField(primary_key=True)), ("items", models.ManyToManyField("shop.Item"))]),
        do.CreateModel("Temp", [("id", models.AutoField(primary_key=True))], options={"db_table": "odd name"}),
        do.RunSQL("INSERT INTO shop_cat (name, slug) VALUES ('c', 'c')", "DELETE FROM shop_cat"),
        do.RunSQL("INSERT INTO shop_item (title, price, n, pos, small, flag, created, uid, data, tags, email, cat_id) SELECT 't' || i, i, i, i,"
                  " i, true, now(), gen_random_uuid(), '{}', '{a}', '', 1 FROM generate_series(1, 50) i", "DELETE FROM shop_item"),
        do.AddField("item", "added", models.CharField(max_length=10, default="dd")),
        do.AddField("item", "other", key("shop.Cat")),
        do.AlterField("item", "title", models.TextField(db_index=True)),
        do.AlterField("item", "title", models.CharField(max_length=200, unique=True)),
        do.AddConstraint("item", models.UniqueConstraint(fields=["title"], name="uq_flag", condition=models.Q(n__gt=0))),
        do.AlterField("item", "n", models.BigIntegerField(null=True)),
        do.AlterField("item", "price", models.FloatField()),
        do.AlterField("item", "price", models.DecimalField(max_digits=10, decimal_places=3, default=1)),
        do.AlterField("item", "small", models.PositiveSmallIntegerField(default=3)),
        do.AlterField("item", "flag", models.BooleanField(null=True)),
        do.AlterField("item", "tags", pf.ArrayField(models.TextField(), null=True)),
        do.AlterField("cat", "id", models.BigAutoField(primary_key=True)),
        do.AlterField("item", "created", models.DateField(auto_now_add=True)),
        do.RenameField("item", "n", "number"),
        do.RenameModel("Tag", "Label"),
        do.AlterModelTable("temp", "temp_t"),
        do.AlterUniqueTogether("item", {("title", "cat", "pos")}),
        do.AlterIndexTogether("item", set()),
        do.AddIndex("item", models.Index(fields=["number", "-pos"], name="ix_order")),
        do.AddIndex("item", models.Index(fields=["pos"], name="ix_where", condition=models.Q(flag=True))),
        do.AddIndex("item", models.Index(fields=["title"], name="ix_ops", opclasses=["varchar_pattern_ops"])),
        do.AddIndex("item", GinIndex(fields=["data"], name="ix_gin", opclasses=["jsonb_path_ops"], fastupdate=False)),
        do.AddIndex("item", GinIndex(fields=["tags"], name="ix_tags")),
        do.AddIndex("item", BTreeIndex(fields=["big"], name="ix_btree", fillfactor=60)),
        do.AddIndex("item", HashIndex(fields=["title"], name="ix_hash")),
        do.AddIndex("item", BrinIndex(fields=["id"], name="ix_brin", pages_per_range=4)),
        do.AddConstraint("item", models.CheckConstraint(check=models.Q(pos__gte=0) & models.Q(small__lt=100), name="ck_pos")),
        do.AddConstraint("item", models.UniqueConstraint(fields=["uid"], name="uq_uid", deferrable=models.Deferrable.DEFERRED)),
        do.AddConstraint("item", ExclusionConstraint(name="ex_span", expressions=[("span", RangeOperators.OVERLAPS)])),
        do.RemoveField("item", "day"),
        do.DeleteModel("Temp"),
    ]


class Django(Migrations):
    def setUp(self):
        super().setUp()
        if not conf.settings.configured:
            options = sa.engine.make_url(DSN)
            database = {"ENGINE": "django.db.backends.postgresql", "HOST": options.query["host"], "PORT": options.query["port"],
                        "USER": options.username, "NAME": options.database, "OPTIONS": {"options": f"-csearch_path={SCHEMA}"}}
            conf.settings.configure(DATABASES={"default": database}, INSTALLED_APPS=[], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
            django.setup()

    def test_operations_there_and_back(self):
        from django.db import connection
        from django.db.migrations.state import ProjectState

        states, empty = [ProjectState()], dump()
        operations = django_operations()
        for operation in operations:
            state = states[-1].clone()
            operation.state_forwards("shop", state)
            with connection.schema_editor() as editor:
                operation.database_forwards("shop", editor, states[-1], state)
            states.append(state)
        self.assertEqual(self.one(f"SELECT count(*) FROM {SCHEMA}.shop_item WHERE number = 7 AND title = 't7'"), 1)
        self.conn.rollback()
        for i in reversed(range(len(operations))):
            if operations[i].reversible:
                with connection.schema_editor() as editor:
                    operations[i].database_backwards("shop", editor, states[i + 1], states[i])
        self.assertEqual(dump(), empty)
        connection.close()


if __name__ == "__main__":
    unittest.main()
