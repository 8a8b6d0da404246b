"""Every product has a slug, and no two of a category have the same."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("catalog", "0004_fill_slugs")]

    operations = [
        migrations.AlterField("product", "slug", models.SlugField(editable=False, max_length=140)),
        migrations.AddConstraint("product", models.UniqueConstraint(fields=("category", "slug"), name="product_slug_in_category")),
    ]
