"""Loads of feeds."""

from django.db import migrations, models

import reconcile.shows.fields
from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0004_cinema"),
    ]

    operations = [
        CreateCompanion(
            name="Load",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", reconcile.shows.fields.ExactText(max_length=60)),
                ("where", models.CharField(max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("loading", "Loading"),
                            ("loaded", "Loaded"),
                            ("held", "Held"),
                            ("failed", "Failed"),
                        ],
                        default="loading",
                        max_length=10,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("run_id", models.BigIntegerField(null=True)),
                ("zone", models.CharField(blank=True, default="", max_length=64)),
                ("times", models.CharField(blank=True, default="", max_length=5)),
                ("read_count", models.PositiveIntegerField(default=0)),
                ("staged_count", models.PositiveIntegerField(default=0)),
                ("merged_count", models.PositiveIntegerField(default=0)),
                ("quarantined_count", models.PositiveIntegerField(default=0)),
                ("first_show_at", models.DateTimeField(null=True)),
                ("last_show_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True, default="")),
            ],
            options={
                "constraints": [],
            },
        ),
    ]
