from typing import Any

from django.db import migrations
from django.db.models.functions import Now


def fill(apps: Any, schema_editor: Any) -> None:
    """What was given up before the column was there is a dead letter, too."""
    rows = apps.get_model("sync", "Enrichment").objects.using(schema_editor.connection.alias)
    rows.filter(failure_kind__gt="", due_at=None).update(given_up_at=Now())


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0008_enrichment_enrichment_letters"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
