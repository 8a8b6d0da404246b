"""Products get a slug; those that are there have none yet."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("catalog", "0002_names_and_prices")]

    operations = [migrations.AddField("product", "slug", models.SlugField(editable=False, max_length=140, null=True))]
