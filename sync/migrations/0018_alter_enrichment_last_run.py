"""Drop the key's own index: the one before this serves all that it did.

Not as Django alters a field: SQLite would write the whole table anew.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema.indexes import index_names

_OWN = models.Index(fields=["last_run"], name="sync_enrichment_last_run_id_5ef6c3d5")


def drop(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model("sync", "Enrichment")
    if _OWN.name in index_names(schema_editor.connection, model._meta.db_table):
        schema_editor.remove_index(model, _OWN)


def create(apps: Any, schema_editor: Any) -> None:
    schema_editor.add_index(apps.get_model("sync", "Enrichment"), _OWN)


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0029_run_run_status_newest"),
        ("sync", "0017_enrichment_of_a_run"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop, create)],
            state_operations=[
                migrations.AlterField(
                    model_name="enrichment",
                    name="last_run",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="engine.run",
                    ),
                ),
            ],
        ),
    ]
