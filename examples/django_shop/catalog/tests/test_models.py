"""Constraints, relations, transactions and the types of the models' fields"""

import datetime
import threading
import uuid
from decimal import Decimal

from django.core import serializers
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test import TransactionTestCase
from django.utils import timezone

from ..models import Category, Order, OrderLine, OutOfStock, Product, Review, Tag
from .base import ShopTest


class Constraints(ShopTest):
    def broken(self, name, action, error=IntegrityError):
        """action breaks the constraint name, and the transaction goes on after it."""
        with self.assertRaises(error) as caught, transaction.atomic():
            action()
        diagnostics = getattr(caught.exception.__cause__, "diag", None)
        self.assertEqual(diagnostics.constraint_name, name)
        self.assertEqual(Product.objects.count(), 3)

    def test_checks(self):
        self.broken("product_price_not_negative", lambda: Product.objects.update(price=-1))
        self.broken("catalog_product_stock_check", lambda: Product.objects.filter(pk=self.saw.pk).update(stock=-1))
        self.broken("review_one_to_five_stars", lambda: Review.objects.create(product=self.emma, author=self.ann, stars=6))
        self.broken("order_known_status", lambda: Order.objects.create(customer=self.ann, status="lost"))

    def test_unique(self):
        self.broken("catalog_product_sku_key", lambda: Product.objects.create(sku="B-1", name="x", category=self.tools, price=1))
        self.broken("product_slug_in_category", lambda: Product.objects.create(sku="B-3", name="EMMA", category=self.novels, price=1))
        Review.objects.create(product=self.emma, author=self.ann, stars=5)
        self.broken("review_once_each", lambda: Review.objects.create(product=self.emma, author=self.ann, stars=1))

    def test_unique_for_some_rows(self):
        first = Order.objects.create(customer=self.ann)
        self.broken("order_one_unpaid_each", lambda: Order.objects.create(customer=self.ann))
        Order.objects.create(customer=self.bob)
        Order.objects.filter(pk=first.pk).update(status="paid")
        Order.objects.create(customer=self.ann)
        self.assertEqual(self.ann.orders.count(), 2)

    def test_not_null_and_length(self):
        with self.assertRaises(IntegrityError) as caught, transaction.atomic():
            Product.objects.filter(pk=self.emma.pk).update(name=None)
        self.assertEqual(caught.exception.__cause__.diag.column_name, "name")
        with self.assertRaises(DataError), transaction.atomic():
            Tag.objects.create(name="x" * 41)
        with self.assertRaises(DataError), transaction.atomic():
            Product.objects.filter(pk=self.emma.pk).update(price=Decimal("12345678.00"))

    def test_foreign_keys(self):
        with self.assertRaises(ProtectedError):
            self.novels.delete()
        # Django's foreign keys are checked when the transaction ends, or when it is asked for.
        with self.assertRaises(IntegrityError), transaction.atomic():
            Review.objects.create(product_id=10**9, author=self.ann, stars=3)
            connection.check_constraints()
        Review.objects.create(product=self.emma, author=self.ann, stars=3)
        counts = self.emma.delete()[1]
        self.assertEqual(counts, {"catalog.Review": 1, "catalog.Product_tags": 2, "catalog.Product": 1})


class Values(ShopTest):
    def test_round_trips(self):
        order = Order.objects.create(customer=self.ann, sent_after=datetime.timedelta(days=2, hours=3, microseconds=5))
        order.refresh_from_db()
        self.assertIsInstance(order.number, uuid.UUID)
        self.assertEqual(Order.objects.get(number=str(order.number)), order)
        self.assertEqual(order.sent_after, datetime.timedelta(days=2, hours=3, microseconds=5))
        self.assertLess(timezone.now() - order.placed, datetime.timedelta(minutes=1))
        self.assertEqual(order.placed.utcoffset(), datetime.timedelta(0))
        product = Product.objects.get(sku="B-2")
        self.assertEqual((product.price, product.keywords), (Decimal("12.50"), ["desert", "classic"]))
        self.assertEqual(product.attributes, {"author": "Herbert", "pages": 612, "series": {"name": "Dune", "number": 1}})
        product.attributes = {"null": None, "text": "Ünï 漢字 \"quoted\"", "number": 1.5, "list": [1, [2, {"three": 3}]], "true": True}
        product.keywords = []
        product.save()
        self.assertEqual(Product.objects.get(sku="B-2").attributes, product.attributes)
        self.assertEqual(Product.objects.get(sku="B-2").keywords, [])

    def test_relations(self):
        self.assertEqual(self.novels.path(), ["Books", "Novels"])
        self.assertEqual(list(self.books.children.all()), [self.novels])
        self.assertEqual(set(self.used.products.all()), {self.emma, self.dune})
        self.emma.tags.set([self.used])
        self.emma.tags.create(name="signed")
        self.assertEqual(sorted(tag.name for tag in self.emma.tags.all()), ["signed", "used"])
        self.emma.tags.clear()
        self.assertEqual(self.emma.tags.count(), 0)

    def test_serialization(self):
        text = serializers.serialize("json", [*Category.objects.order_by("pk"), *Tag.objects.all(), *Product.objects.all()])
        Product.objects.all().delete()
        for item in serializers.deserialize("json", text):
            item.save()
        self.assertEqual(Product.objects.get(sku="B-2").attributes["series"], {"name": "Dune", "number": 1})
        self.assertEqual(Product.objects.get(sku="B-1").tags.count(), 2)


class Orders(ShopTest):
    def test_place(self):
        order = Order.place(self.ann, {self.emma.pk: 2, self.saw.pk: 1})
        self.assertEqual(order.total(), Decimal("44.80"))
        self.emma.refresh_from_db()
        self.assertEqual(self.emma.stock, 3)
        self.assertEqual(set(order.products.values_list("name", flat=True)), {"Emma", "Hand saw"})
        self.assertEqual(Order.objects.create(customer=self.bob).total(), 0)
        order.cancel()
        self.emma.refresh_from_db()
        self.assertEqual((self.emma.stock, order.status), (5, "cancelled"))

    def test_all_or_nothing(self):
        with self.assertRaises(OutOfStock):
            Order.place(self.ann, {self.emma.pk: 1, self.saw.pk: 2})
        self.emma.refresh_from_db()
        self.assertEqual(self.emma.stock, 5)
        self.assertEqual((Order.objects.count(), OrderLine.objects.count()), (0, 0))


class Rivals(TransactionTestCase):
    """Two customers at once, each on a connection of his own"""

    def test_last_piece(self):
        ShopTest.setUpTestData.__func__(type(self))
        barrier = threading.Barrier(2)
        results = []

        def buy(customer):
            try:
                barrier.wait(20)
                Order.place(customer, {self.emma.pk: 1, self.saw.pk: 1})
                results.append("bought")
            except OutOfStock:
                results.append("sold out")
            finally:
                connection.close()

        threads = [threading.Thread(target=buy, args=(customer,)) for customer in (self.ann, self.bob)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertEqual(sorted(results), ["bought", "sold out"])
        self.saw.refresh_from_db()
        self.emma.refresh_from_db()
        self.assertEqual((self.saw.stock, self.emma.stock), (0, 4))

    def test_on_commit_and_skip_locked(self):
        ShopTest.setUpTestData.__func__(type(self))
        done = []
        with transaction.atomic():
            transaction.on_commit(lambda: done.append("committed"))
            Product.objects.select_for_update().get(pk=self.emma.pk)
            seen = []

            def other():
                with transaction.atomic():
                    seen.extend(Product.objects.select_for_update(skip_locked=True).order_by("pk").values_list("sku", flat=True))
                connection.close()

            thread = threading.Thread(target=other)
            thread.start()
            thread.join(30)
        self.assertEqual((seen, done), (["B-2", "T-1"], ["committed"]))
