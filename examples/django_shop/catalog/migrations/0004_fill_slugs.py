"""The slugs of the products that are there are made of their names, in batches."""

from django.db import migrations
from django.utils.text import slugify

BATCH = 500


def fill(apps, schema_editor):
    products = apps.get_model("catalog", "Product").objects.filter(slug=None).order_by("pk")
    taken = set()
    while True:
        batch = list(products[:BATCH])
        if not batch:
            break
        for product in batch:
            slug = slugify(product.name) or "product"
            product.slug = slug if (product.category_id, slug) not in taken else f"{slug}-{product.pk}"
            taken.add((product.category_id, product.slug))
        apps.get_model("catalog", "Product").objects.bulk_update(batch, ["slug"])


def empty(apps, schema_editor):
    apps.get_model("catalog", "Product").objects.update(slug=None)


class Migration(migrations.Migration):

    dependencies = [("catalog", "0003_product_slug")]

    operations = [migrations.RunPython(fill, empty)]
