"""Changes of a set by state."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0015_change_set_newest"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="change",
            index=models.Index(fields=["change_set", "state", "kind"], name="change_by_state"),
        ),
    ]
