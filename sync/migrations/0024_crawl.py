"""Walks through sources of ids."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0031_remove_run_run_letters"),
        ("sync", "0023_imdbconflict"),
    ]

    operations = [
        CreateCompanion(
            name="Crawl",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "media_type",
                    models.CharField(
                        choices=[("movie", "Movie"), ("tv", "Series")],
                        default="movie",
                        max_length=5,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("export", "The daily id export"),
                            ("discover", "The discover list"),
                            ("changes", "The changes feed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("params", models.JSONField(blank=True, default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("listing", "Listing ids"),
                            ("fetching", "Fetching what was listed"),
                            ("done", "Done"),
                        ],
                        default="listing",
                        max_length=8,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("until", models.DateField(blank=True, null=True)),
                ("export_name", models.CharField(blank=True, default="", max_length=60)),
                ("export_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("cursor", models.PositiveIntegerField(default=0)),
                ("listed_count", models.PositiveIntegerField(default=0)),
                ("new_count", models.PositiveIntegerField(default=0)),
                ("undated_count", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="engine.run",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["media_type", "source", "state"], name="crawl_open")
                ]
            },
        ),
    ]
