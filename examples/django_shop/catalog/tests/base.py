"""What the tests share: a small shop"""

from decimal import Decimal

from django.contrib.auth.models import User
from django.test import TestCase

from ..models import Category, Product, Tag


class ShopTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.books = Category.objects.create(name="Books")
        cls.novels = Category.objects.create(name="Novels", parent=cls.books)
        cls.tools = Category.objects.create(name="Tools")
        cls.new, cls.used = Tag.objects.bulk_create([Tag(name="new"), Tag(name="used")])
        cls.emma = Product.objects.create(
            sku="B-1", name="Emma", category=cls.novels, price=Decimal("9.90"), stock=5,
            attributes={"author": "Austen", "pages": 474, "formats": ["paper", "audio"]}, keywords=["classic", "love"],
        )
        cls.dune = Product.objects.create(
            sku="B-2", name="Dune", category=cls.novels, price=Decimal("12.50"), stock=2,
            attributes={"author": "Herbert", "pages": 612, "series": {"name": "Dune", "number": 1}}, keywords=["desert", "classic"],
        )
        cls.saw = Product.objects.create(
            sku="T-1", name="Hand saw", category=cls.tools, price=Decimal("25.00"), stock=1, description="Cuts 100% of wood",
        )
        cls.emma.tags.add(cls.new, cls.used)
        cls.dune.tags.add(cls.used)
        cls.ann = User.objects.create_user("ann", password="secret")
        cls.bob = User.objects.create_user("bob", password="secret")
