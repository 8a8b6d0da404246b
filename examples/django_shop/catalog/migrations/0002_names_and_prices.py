"""A title is called a name, SKUs and names may be longer, prices have two digits."""

from django.db import migrations, models
import django.db.models.functions.text


class Migration(migrations.Migration):

    dependencies = [("catalog", "0001_initial")]

    operations = [
        migrations.RenameField("product", "title", "name"),
        migrations.AlterModelOptions("product", options={"ordering": ["name", "id"]}),
        migrations.AlterField("product", "name", models.CharField(max_length=120)),
        migrations.AlterField("product", "sku", models.CharField(max_length=20, unique=True, verbose_name="SKU")),
        migrations.AlterField("product", "price", models.DecimalField(decimal_places=2, max_digits=9)),
        migrations.AddIndex("product", models.Index(django.db.models.functions.text.Lower("name"), name="product_lower_name")),
    ]
