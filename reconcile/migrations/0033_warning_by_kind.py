"""Warnings of a kind on some days."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0031_master_show_by_word"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="programmewarning",
            index=models.Index(fields=["kind", "day"], name="warning_by_kind"),
        ),
    ]
