"""Changes of a set by slice."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0016_change_by_state"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="change",
            index=models.Index(
                fields=["change_set", "cinema_id", "weekday"], name="change_by_slice"
            ),
        ),
    ]
