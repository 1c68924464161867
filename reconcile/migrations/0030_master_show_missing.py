"""Missing shows among a million that are there."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0029_programmewarning"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="mastershow",
            index=models.Index(fields=["missing_since"], name="master_show_missing"),
        ),
    ]
