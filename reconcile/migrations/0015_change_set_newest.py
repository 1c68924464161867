"""The newest change set of a source."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0014_load_row_of_cinema"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="changeset",
            index=models.Index(fields=["source", "-id"], name="change_set_newest"),
        ),
    ]
