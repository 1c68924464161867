"""Shows of a cinema by their time: an adopted key begins with the movie."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0007_loadrow"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="syncshow",
            index=models.Index(fields=["cinema_id", "show_time"], name="sync_show_of_cinema"),
        ),
    ]
