"""Change sets."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0008_sync_show_of_cinema"),
    ]

    operations = [
        CreateCompanion(
            name="ChangeSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=60)),
                ("load_id", models.BigIntegerField()),
                ("run_id", models.BigIntegerField(null=True)),
                (
                    "undoes",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="undone_by",
                        to="reconcile.changeset",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("applying", "Applying"),
                            ("applied", "Applied"),
                            ("closed", "Closed"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("unchanged_count", models.PositiveIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("digest", models.CharField(blank=True, default="", max_length=64)),
            ],
            options={
                "constraints": [],
            },
        ),
    ]
