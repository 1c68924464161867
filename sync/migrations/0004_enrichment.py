"""The work behind each media link."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0001_initial"),
        ("sync", "0003_titlerating"),
    ]

    operations = [
        CreateCompanion(
            name="Enrichment",
            fields=[
                ("due_at", models.DateTimeField(null=True)),
                (
                    "lane",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Operator"),
                            (1, "On Sale"),
                            (2, "Schedule"),
                            (3, "Backfill"),
                        ],
                        default=3,
                    ),
                ),
                ("lease_token", models.CharField(blank=True, default="", max_length=60)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("failure_kind", models.CharField(blank=True, default="", max_length=20)),
                ("last_error", models.TextField(blank=True, default="")),
                (
                    "link",
                    models.OneToOneField(
                        db_column="imdb_id",
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="enrichment",
                        serialize=False,
                        to="sync.medialinks",
                    ),
                ),
                ("media_type", models.CharField(blank=True, default="", max_length=5)),
                ("fetched_at", models.DateTimeField(null=True)),
                ("poster_reason", models.TextField(blank=True, default="")),
                ("trailer_reason", models.TextField(blank=True, default="")),
                ("candidates", models.JSONField(blank=True, default=list)),
                ("locked_fields", models.JSONField(blank=True, default=list)),
                (
                    "last_run",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="engine.run",
                    ),
                ),
            ],
        ),
    ]
