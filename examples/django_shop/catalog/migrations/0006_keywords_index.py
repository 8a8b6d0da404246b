"""Keywords are searched by an index, which is built while the shop is open."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):

    atomic = False
    dependencies = [("catalog", "0005_slug_needed")]

    operations = [
        AddIndexConcurrently("product", django.contrib.postgres.indexes.GinIndex(fields=["keywords"], name="product_keywords")),
    ]
