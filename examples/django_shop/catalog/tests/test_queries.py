"""Queries of the ORM: JSON, arrays, aggregates, windows, subqueries, bulk changes"""

from decimal import Decimal

from django.contrib.postgres.aggregates import ArrayAgg, BoolOr, StringAgg
from django.db import connection
from django.db.models import Avg, Case, Count, Exists, F, Func, IntegerField, Max, OuterRef, Q, Subquery, Sum, Value, When, Window
from django.db.models.functions import Cast, Coalesce, Concat, ExtractYear, Lag, Length, Lower, RowNumber, TruncDate, Upper
from django.utils import timezone

from ..models import Category, Product, Review, Tag
from .base import ShopTest


class Queries(ShopTest):
    def names(self, queryset):
        return [product.name for product in queryset]

    def test_json(self):
        products = Product.objects.order_by("pk")
        self.assertEqual(self.names(products.filter(attributes__author="Austen")), ["Emma"])
        self.assertEqual(self.names(products.filter(attributes__pages__gt=500)), ["Dune"])
        self.assertEqual(self.names(products.filter(attributes__series__name="Dune")), ["Dune"])
        self.assertEqual(self.names(products.filter(attributes__formats__0="paper")), ["Emma"])
        self.assertEqual(self.names(products.filter(attributes__contains={"formats": ["audio"]})), ["Emma"])
        self.assertEqual(self.names(products.filter(attributes__has_key="series")), ["Dune"])
        self.assertEqual(self.names(products.filter(attributes__has_any_keys=["series", "formats"])), ["Emma", "Dune"])
        self.assertEqual(self.names(products.filter(attributes__has_keys=["author", "formats"])), ["Emma"])
        self.assertEqual(self.names(products.filter(attributes__contained_by={})), ["Hand saw"])
        self.assertEqual(self.names(products.filter(attributes__author__icontains="ER")), ["Dune"])
        self.assertEqual(self.names(products.filter(attributes__author__isnull=True)), ["Hand saw"])
        self.assertEqual(self.names(products.exclude(attributes__author="Austen")), ["Dune"])
        self.assertEqual(list(products.values_list("attributes__author", flat=True)), ["Austen", "Herbert", None])
        self.assertEqual(self.names(products.filter(attributes__has_key="pages").order_by("-attributes__pages")), ["Dune", "Emma"])

    def test_arrays(self):
        products = Product.objects.order_by("pk")
        self.assertEqual(self.names(products.filter(keywords__contains=["classic"])), ["Emma", "Dune"])
        self.assertEqual(self.names(products.filter(keywords__overlap=["love", "war"])), ["Emma"])
        self.assertEqual(self.names(products.filter(keywords__contained_by=["classic", "love"])), ["Emma", "Hand saw"])
        self.assertEqual(self.names(products.filter(keywords__len=2)), ["Emma", "Dune"])
        self.assertEqual(self.names(products.filter(keywords__0="desert")), ["Dune"])
        self.assertEqual(self.names(products.filter(keywords__0_2=["desert", "classic"])), ["Dune"])
        self.assertEqual(self.names(products.filter(keywords=[])), ["Hand saw"])

    def test_text(self):
        self.assertEqual(self.names(Product.objects.search("CLASSIC em")), ["Emma"])
        self.assertEqual(self.names(Product.objects.search("100%")), ["Hand saw"])
        self.assertEqual(self.names(Product.objects.filter(name__iregex=r"^(e|d)\w+$").order_by("name")), ["Dune", "Emma"])
        self.assertEqual(self.names(Product.objects.filter(name__istartswith="HAND", name__endswith="saw")), ["Hand saw"])
        shown = Product.objects.annotate(text=Concat(Upper("name"), Value(" "), Cast(Length("name"), IntegerField()), output_field=Product._meta.get_field("name")))
        self.assertEqual(shown.get(sku="B-1").text, "EMMA 4")
        self.assertEqual(list(Product.objects.order_by(Lower("name").desc()).values_list("sku", flat=True)), ["T-1", "B-1", "B-2"])

    def test_aggregates(self):
        for author, stars in ((self.ann, 5), (self.bob, 2)):
            Review.objects.create(product=self.emma, author=author, stars=stars)
        Review.objects.create(product=self.dune, author=self.ann, stars=4)
        rated = {product.name: (product.stars, product.review_count) for product in Product.objects.with_stars()}
        self.assertEqual(rated, {"Emma": (3.5, 2), "Dune": (4.0, 1), "Hand saw": (None, 0)})
        totals = Product.objects.aggregate(sum=Sum("price"), most=Max("price"), average=Avg("price"), cheap=Count("pk", filter=Q(price__lt=10)))
        self.assertEqual(totals, {"sum": Decimal("47.40"), "most": Decimal("25.00"), "average": Decimal("15.8"), "cheap": 1})
        groups = Category.objects.annotate(
            count=Count("products"), names=ArrayAgg("products__name", ordering="products__name"),
            text=StringAgg("products__sku", ", ", ordering="-products__sku"), any=BoolOr("products__available"),
        ).filter(count__gt=0).order_by("name").values_list("name", "names", "text", "any")
        self.assertEqual(list(groups), [("Novels", ["Dune", "Emma"], "B-2, B-1", True), ("Tools", ["Hand saw"], "T-1", True)])
        self.assertEqual(Tag.objects.annotate(sum=Sum("products__price")).get(name="used").sum, Decimal("22.40"))

    def test_windows_and_subqueries(self):
        rows = Product.objects.annotate(
            number=Window(RowNumber(), partition_by="category", order_by=F("price").desc()),
            before=Window(Lag("name"), order_by=F("price").asc()),
        ).order_by("sku").values_list("sku", "number", "before")
        self.assertEqual(list(rows), [("B-1", 2, None), ("B-2", 1, "Emma"), ("T-1", 1, "Dune")])
        dearest = Product.objects.filter(category=OuterRef("pk")).order_by("-price")
        found = Category.objects.annotate(dearest=Subquery(dearest.values("name")[:1]), full=Exists(dearest)).order_by("name")
        self.assertEqual([(c.name, c.dearest, c.full) for c in found], [("Books", None, False), ("Novels", "Dune", True), ("Tools", "Hand saw", True)])
        self.assertEqual(self.names(Product.objects.order_by("category__name", "-price").distinct("category__name")), ["Dune", "Hand saw"])
        both = Product.objects.filter(price__lt=10).values_list("name").union(Product.objects.filter(stock=1).values_list("name")).order_by("name")
        self.assertEqual(list(both), [("Emma",), ("Hand saw",)])
        size = Case(When(price__lt=10, then=Value("small")), When(price__gt=20, then=Value("large")), default=Value("middle"))
        self.assertEqual(list(Product.objects.annotate(size=size).order_by("sku").values_list("size", flat=True)), ["small", "middle", "large"])

    def test_dates(self):
        today = timezone.now()
        self.assertEqual(Product.objects.filter(added__year=today.year, added__date=today.date()).count(), 3)
        self.assertEqual(list(Product.objects.annotate(day=TruncDate("added")).values_list("day", flat=True).order_by().distinct()), [today.date()])
        self.assertEqual(Product.objects.annotate(y=ExtractYear("added")).values_list("y", flat=True)[0], today.year)
        self.assertEqual([day.date() for day in Product.objects.datetimes("added", "day")], [today.date()])

    def test_bulk(self):
        made = Product.objects.bulk_create(
            [Product(sku=f"X-{n}", name=f"Thing {n}", slug=f"thing-{n}", category=self.tools, price=n, keywords=[str(n)]) for n in range(250)], batch_size=100,
        )
        self.assertTrue(all(product.pk for product in made))
        for product in made:
            product.stock = product.price * 2
        Product.objects.bulk_update(made, ["stock"], batch_size=100)
        self.assertEqual(Product.objects.filter(sku__startswith="X-").aggregate(sum=Sum("stock"))["sum"], 249 * 250)
        Tag.objects.bulk_create([Tag(name="new"), Tag(name="rare")], ignore_conflicts=True)
        self.assertEqual(Tag.objects.count(), 3)
        tag, created = Tag.objects.get_or_create(name="rare")
        self.assertFalse(created)
        tag, created = Tag.objects.update_or_create(name="rare", defaults={"name": "very-rare"})
        self.assertEqual((tag.name, created), ("very-rare", False))
        self.assertEqual(Product.objects.filter(sku__startswith="X-", price__gte=Coalesce(Value(None), 200)).delete()[0], 50)
        self.assertEqual(len(list(Product.objects.iterator(chunk_size=50))), 203)

    def test_raw(self):
        self.assertEqual([p.name for p in Product.objects.raw("SELECT * FROM catalog_product WHERE price > %s ORDER BY sku", [10])], ["Dune", "Hand saw"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::int[] || 4, %s || 'x', current_database()", [[1, 2], "a%"])
            self.assertEqual(cursor.fetchone(), ([1, 2, 4], "a%x", connection.settings_dict["NAME"]))
        self.assertIn("Limit", Product.objects.all()[:1].explain())
        self.assertEqual(Product.objects.annotate(r=Func(F("price"), function="round")).get(sku="B-1").r, 10)
