"""Changes."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0009_changeset"),
    ]

    operations = [
        CreateCompanion(
            name="Change",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "change_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="reconcile.changeset",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("insert", "insert"),
                            ("update", "update"),
                            ("move", "move"),
                            ("missing", "missing"),
                            ("revive", "revive"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("approved", "Approved"),
                            ("held", "Held"),
                            ("applied", "Applied"),
                            ("rejected", "Rejected"),
                            ("stale", "Stale"),
                            ("locked", "Locked"),
                        ],
                        max_length=8,
                    ),
                ),
                ("cinema_id", models.IntegerField()),
                ("weekday", models.PositiveSmallIntegerField()),
                ("day", models.DateField(null=True)),
                ("master_id", models.IntegerField(null=True)),
                ("sync_id", models.IntegerField(null=True)),
                ("row_count", models.PositiveIntegerField(default=1)),
                ("group", models.PositiveIntegerField(null=True)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("fields", models.CharField(blank=True, default="", max_length=200)),
                ("fingerprint", models.CharField(blank=True, default="", max_length=64)),
                ("reason", models.TextField(blank=True, default="")),
                ("decided_by", models.CharField(blank=True, default="", max_length=150)),
                ("decided_at", models.DateTimeField(null=True)),
                ("applied_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [],
            },
        ),
    ]
