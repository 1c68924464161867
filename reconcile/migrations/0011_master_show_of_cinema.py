"""Shows of a cinema by their time: an adopted key begins with the movie."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0010_change"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="mastershow",
            index=models.Index(
                fields=["cinema_id", "show_time", "missing_since"], name="master_show_of_cinema"
            ),
        ),
    ]
