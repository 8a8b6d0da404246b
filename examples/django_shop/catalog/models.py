"""What the shop keeps: products in a tree of categories, their tags and reviews, and orders with their lines."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce, Lower
from django.utils.text import slugify


class Category(models.Model):
    name = models.CharField(max_length=80, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"

    def __str__(self):
        return self.name

    def path(self):
        """Names from the top of the tree to this one."""
        return (self.parent.path() if self.parent else []) + [self.name]


class Tag(models.Model):
    name = models.SlugField(max_length=40, unique=True)

    def __str__(self):
        return self.name


class ProductQuerySet(models.QuerySet):
    def on_sale(self):
        return self.filter(available=True, stock__gt=0)

    def search(self, words):
        """Every word is in the name, the description or one of the keywords."""
        found = self
        for word in words.split():
            found = found.filter(Q(name__icontains=word) | Q(description__icontains=word) | Q(keywords__contains=[word.lower()]))
        return found

    def with_stars(self):
        return self.annotate(stars=models.Avg("reviews__stars"), review_count=models.Count("reviews"))


class Product(models.Model):
    sku = models.CharField("SKU", max_length=20, unique=True)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=140, editable=False)
    description = models.TextField(blank=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    tags = models.ManyToManyField(Tag, blank=True, related_name="products")
    price = models.DecimalField(max_digits=9, decimal_places=2)
    stock = models.PositiveIntegerField(default=0)
    available = models.BooleanField(default=True)
    attributes = models.JSONField(default=dict, blank=True)
    keywords = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    added = models.DateTimeField(auto_now_add=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["category", "-added"], name="product_newest"),
            models.Index(Lower("name"), name="product_lower_name"),
            models.Index(fields=["price"], name="product_on_sale", condition=Q(available=True)),
            GinIndex(fields=["attributes"], name="product_attributes"),
            GinIndex(fields=["keywords"], name="product_keywords"),
        ]
        constraints = [
            models.CheckConstraint(check=Q(price__gte=0), name="product_price_not_negative"),
            models.UniqueConstraint(fields=["category", "slug"], name="product_slug_in_category"),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        if not self.slug:
            self.slug = slugify(self.name)
        super().save(*args, **kwargs)


class Review(models.Model):
    product = models.ForeignKey(Product, models.CASCADE, related_name="reviews")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    stars = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    text = models.TextField(blank=True)
    written = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(check=Q(stars__range=(1, 5)), name="review_one_to_five_stars"),
            models.UniqueConstraint(fields=["product", "author"], name="review_once_each"),
        ]


class OutOfStock(Exception):
    """Fewer pieces are left than were ordered."""


class Order(models.Model):
    class Status(models.TextChoices):
        PLACED = "placed"
        PAID = "paid"
        SENT = "sent"
        CANCELLED = "cancelled"

    number = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="orders")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLACED)
    placed = models.DateTimeField(auto_now_add=True)
    sent_after = models.DurationField(null=True, blank=True)
    products = models.ManyToManyField(Product, through="OrderLine")

    class Meta:
        ordering = ["-placed", "-id"]
        constraints = [
            models.CheckConstraint(check=Q(status__in=["placed", "paid", "sent", "cancelled"]), name="order_known_status"),
            models.UniqueConstraint(fields=["customer"], condition=Q(status="placed"), name="order_one_unpaid_each"),
        ]

    def total(self):
        return self.lines.aggregate(total=Coalesce(Sum(F("quantity") * F("price")), 0, output_field=models.DecimalField()))["total"]

    @classmethod
    @transaction.atomic
    def place(cls, customer, basket):
        """Order what is in a basket {product id: quantity}: all of it, or nothing when something is not there."""
        order = cls.objects.create(customer=customer)
        # Locked in one order, so that two customers never wait for each other.
        for product in Product.objects.select_for_update().filter(pk__in=basket).order_by("pk"):
            quantity = basket[product.pk]
            if not product.available or product.stock < quantity:
                raise OutOfStock(product.name)
            Product.objects.filter(pk=product.pk).update(stock=F("stock") - quantity)
            OrderLine.objects.create(order=order, product=product, quantity=quantity, price=product.price)
        return order

    @transaction.atomic
    def cancel(self):
        """Give the pieces back."""
        for line in self.lines.select_for_update().select_related("product"):
            Product.objects.filter(pk=line.product_id).update(stock=F("stock") + line.quantity)
        self.status = self.Status.CANCELLED
        self.save(update_fields=["status"])


class OrderLine(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT)
    quantity = models.PositiveIntegerField(default=1)
    price = models.DecimalField(max_digits=9, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "product"], name="line_each_product_once"),
            models.CheckConstraint(check=Q(quantity__gt=0), name="line_quantity_positive"),
        ]
