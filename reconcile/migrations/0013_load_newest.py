"""The newest load of a source."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0012_master_show_of_movie"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="load",
            index=models.Index(fields=["source", "state", "-id"], name="load_newest"),
        ),
    ]
