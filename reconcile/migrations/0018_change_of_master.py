"""Changes of a master row."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0017_change_by_slice"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="change",
            index=models.Index(fields=["master_id"], name="change_of_master"),
        ),
    ]
