"""examples/django_shop with Debian's Django: its own tests, and what a developer does from the first migrate on.

Goal: everything passes that passes on PostgreSQL. Method: manage.py in processes of its own, in a database of its own.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import psycopg2

from target import DSN, ClientTest

SHOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "django_shop")


class Django(ClientTest):
    def manage(self, *arguments, database="postgres", given=None, code=0):
        """Run manage.py; returns what it wrote."""
        url = re.sub(r"/postgres\?", f"/{database}?", DSN)
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=SHOP, env=dict(os.environ, DATABASE_URL=url),
            input=given, capture_output=True, text=True, timeout=280,
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def make_database(self, name):
        conn = self.connect()
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")

        def drop():
            with conn.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")

        self.addCleanup(drop)


class Tests(Django):
    def test_shop(self):
        out = self.manage("test", "--noinput")
        ran = re.search(r"Ran (\d+) tests", out)
        self.assertIsNotNone(ran, out)
        self.assertGreater(int(ran.group(1)), 30)
        self.assertIn("OK", out)


class Commands(Django):
    """In one database, one command after the other"""

    def setUp(self):
        super().setUp()
        self.make_database("shop")

    def shop(self, *arguments, **options):
        return self.manage(*arguments, database="shop", **options)

    def test_life_of_a_project(self):
        self.assertIn("no issues", self.shop("check", "--database", "default"))
        self.assertIn("[ ] 0001_initial", self.shop("showmigrations", "catalog"))
        self.assertIn("CREATE TABLE \"catalog_product\"", self.shop("sqlmigrate", "catalog", "0001"))
        out = self.shop("migrate")
        self.assertEqual(len(re.findall(r"Applying \S+\.\.\. OK", out)), 24, out)
        self.assertIn("No migrations to apply", self.shop("migrate"))
        self.assertIn("No changes detected", self.shop("makemigrations", "--check", "--dry-run"))
        self.shop("migrate", "catalog", "0001")
        self.shop("migrate", "catalog")

        made = "from catalog.models import *; c = Category.objects.create(name='Books');" \
            "Product.objects.create(sku='1', name='Emma', category=c, price='9.90', attributes={'pages': 474}, keywords=['a', 'b'])"
        self.shop("shell", "-c", made)
        self.shop("createsuperuser", "--noinput", "--username", "root", "--email", "root@example.org")
        dumped = self.shop("dumpdata", "catalog", "--indent", "1")
        rows = json.loads(dumped)
        self.assertEqual([row["model"] for row in rows], ["catalog.category", "catalog.product"])
        self.assertEqual(rows[1]["fields"]["attributes"], {"pages": 474})
        self.shop("flush", "--noinput")
        self.assertEqual(json.loads(self.shop("dumpdata", "catalog")), [])
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(dumped)
            file.flush()
            self.assertIn("Installed 2 object(s)", self.shop("loaddata", file.name))
        self.assertEqual(json.loads(self.shop("dumpdata", "catalog")), rows)
        self.assertIn("Emma", self.shop("shell", "-c", "from catalog.models import *; print(Product.objects.create("
                                        "sku='2', name='Emma 2', category=Category.objects.get(), price=1))"))

        self.assertIn("setval(pg_get_serial_sequence", self.shop("sqlsequencereset", "catalog"))
        self.assertIn("TRUNCATE", self.shop("sqlflush"))
        models = self.shop("inspectdb")
        self.assertIn("class CatalogOrderline(models.Model):", models)
        self.assertIn("number = models.UUIDField(unique=True)", models)
        self.assertIn("sent_after = models.DurationField(blank=True, null=True)", models)
        compile(models, "models.py", "exec")
        self.assertIn("2", self.shop("dbshell", given="SELECT count(*) FROM catalog_product;\n"))
        self.shop("clearsessions")
        self.shop("migrate", "catalog", "zero")
        conn = psycopg2.connect(DSN.replace("/postgres?", "/shop?"))
        self.assertEqual(self.rows("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'catalog%%'", conn=conn), [(0,)])
        conn.close()

    def test_tests_in_parallel_and_kept(self):
        out = self.shop("test", "--parallel", "2", "catalog.tests.test_queries", "catalog.tests.test_pages")
        self.assertIn("OK", out)
        self.shop("test", "--keepdb", "catalog.tests.test_queries")
        self.assertIn("Using existing", self.shop("test", "--keepdb", "catalog.tests.test_queries"))
        self.run_sql("DROP DATABASE test_shop")


if __name__ == "__main__":
    unittest.main()
