"""Migrations with data in the tables, forwards and backwards, and what introspection says about the result"""

from io import StringIO

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import TestCase, TransactionTestCase

from ..models import Product


class Migrations(TransactionTestCase):
    def go(self, name):
        executor = MigrationExecutor(connection)
        executor.migrate([("catalog", name)])
        return MigrationExecutor(connection).loader.project_state([("catalog", name)]).apps

    def tearDown(self):
        self.go(MigrationExecutor(connection).loader.graph.leaf_nodes("catalog")[0][1])

    def test_with_data(self):
        apps = self.go("0001_initial")
        category = apps.get_model("catalog", "Category").objects.create(name="Books")
        products = apps.get_model("catalog", "Product").objects
        for number, title in enumerate(("War and Peace", "war and peace", "Émile", "漢字")):
            products.create(sku=str(number), title=title, category=category, price=number * 10)
        products = self.go("0005_slug_needed").get_model("catalog", "Product").objects
        made = list(products.order_by("sku").values_list("name", "slug", "price"))
        second = products.get(sku="1").pk
        self.assertEqual(made, [("War and Peace", "war-and-peace", 0), ("war and peace", f"war-and-peace-{second}", 10),
                                ("Émile", "emile", 20), ("漢字", "product", 30)])
        products = self.go("0001_initial").get_model("catalog", "Product").objects
        self.assertEqual(list(products.order_by("sku").values_list("title", "price")),
                         [("War and Peace", 0), ("war and peace", 10), ("Émile", 20), ("漢字", 30)])

    def test_from_nothing_and_back(self):
        executor = MigrationExecutor(connection)
        executor.migrate([("catalog", None)])
        self.assertNotIn("catalog_product", connection.introspection.table_names())


class Introspection(TestCase):
    def test_no_changes(self):
        call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())
        call_command("check", stdout=StringIO())

    def test_constraints(self):
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, "catalog_product")
            relations = connection.introspection.get_relations(cursor, "catalog_product")
            sequences = connection.introspection.get_sequences(cursor, "catalog_product")
        self.assertEqual(relations, {"category_id": ("id", "catalog_category")})
        self.assertEqual([sequence["column"] for sequence in sequences], ["id"])
        self.assertEqual(found["product_newest"]["columns"], ["category_id", "added"])
        self.assertEqual(found["product_newest"]["orders"], ["ASC", "DESC"])
        self.assertEqual(found["product_keywords"]["type"], "gin")
        self.assertTrue(found["product_price_not_negative"]["check"])
        self.assertTrue(found["product_slug_in_category"]["unique"])
        self.assertIn("product_lower_name", found)
        self.assertEqual(sum(1 for name in found if name.endswith("_like")), 2)

    def test_inspectdb(self):
        out = StringIO()
        call_command("inspectdb", "catalog_product", "catalog_review", stdout=out)
        text = out.getvalue()
        for line in ("sku = models.CharField(unique=True, max_length=20)", "price = models.DecimalField(max_digits=9, decimal_places=2)",
                     "attributes = models.JSONField()", "category = models.ForeignKey('CatalogCategory', models.DO_NOTHING)",
                     "stars = models.SmallIntegerField()", "available = models.BooleanField()", "added = models.DateTimeField()",
                     "unique_together = (('product', 'author'),)"):
            self.assertIn(line, text)

    def test_table_names(self):
        self.assertEqual(
            [name for name in connection.introspection.table_names() if name.startswith("catalog_")],
            ["catalog_category", "catalog_order", "catalog_orderline", "catalog_product", "catalog_product_tags", "catalog_review", "catalog_tag"],
        )
        self.assertEqual(Product._meta.db_table, "catalog_product")
