"""Shows of which their feed says that they do not take place."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0030_master_show_missing"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="mastershow",
            index=models.Index(fields=["is_active"], name="master_show_by_word"),
        ),
    ]
