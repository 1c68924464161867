"""Rows of a cinema."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0013_load_newest"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="loadrow",
            index=models.Index(fields=["cinema_id", "show_time"], name="load_row_of_cinema"),
        ),
    ]
