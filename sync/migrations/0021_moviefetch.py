"""The work of fetching each id."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0020_movie"),
    ]

    operations = [
        CreateCompanion(
            name="MovieFetch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                (
                    "error_group",
                    models.CharField(blank=True, db_default="", default="", max_length=120),
                ),
                ("last_error", models.TextField(blank=True, default="")),
                ("given_up_at", models.DateTimeField(blank=True, null=True)),
                (
                    "media_type",
                    models.CharField(
                        choices=[("movie", "Movie"), ("tv", "Series")],
                        default="movie",
                        max_length=5,
                    ),
                ),
                ("tmdb_id", models.PositiveIntegerField()),
                (
                    "asked_by",
                    models.CharField(
                        choices=[
                            ("export", "The daily id export"),
                            ("discover", "The discover list"),
                            ("changes", "The changes feed"),
                            ("operator", "An operator"),
                            ("age", "Its age"),
                        ],
                        max_length=8,
                    ),
                ),
                ("first_seen_at", models.DateTimeField()),
                (
                    "movie",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="fetches",
                        to="sync.movie",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "movie fetches",
                "indexes": [
                    models.Index(fields=["lane", "due_at"], name="movie_fetch_claim"),
                    models.Index(
                        fields=["failure_kind", "error_group", "given_up_at"],
                        name="movie_fetch_letters",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("media_type", "tmdb_id"), name="movie_fetch_key"
                    )
                ],
            },
        ),
    ]
