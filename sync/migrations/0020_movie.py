"""Films and series."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0019_storedpayload"),
    ]

    operations = [
        CreateCompanion(
            name="Movie",
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
                ("tmdb_id", models.PositiveIntegerField()),
                ("imdb_id", models.CharField(blank=True, default="", max_length=16)),
                ("title", models.TextField(blank=True, default="")),
                ("original_title", models.TextField(blank=True, default="")),
                ("original_language", models.CharField(blank=True, default="", max_length=10)),
                ("year", models.SmallIntegerField(blank=True, null=True)),
                ("release_date", models.DateField(blank=True, null=True)),
                ("release_date_known", models.BooleanField(default=False)),
                ("runtime", models.PositiveIntegerField(blank=True, null=True)),
                ("status", models.CharField(blank=True, default="", max_length=40)),
                ("adult", models.BooleanField(blank=True, null=True)),
                ("popularity", models.FloatField(blank=True, null=True)),
                ("poster_path", models.CharField(blank=True, default="", max_length=255)),
                ("main_poster", models.CharField(blank=True, default="", max_length=2048)),
                ("backdrop_path", models.CharField(blank=True, default="", max_length=255)),
                ("main_backdrop", models.CharField(blank=True, default="", max_length=2048)),
                ("genres", models.JSONField(blank=True, default=list)),
                ("genre_ids", models.JSONField(blank=True, default=list)),
                ("cast_ids", models.JSONField(blank=True, default=list)),
                ("crew_ids", models.JSONField(blank=True, default=list)),
                ("origins", models.JSONField(blank=True, default=dict)),
                ("fetched_at", models.DateTimeField(blank=True, null=True)),
                (
                    "upstream_state",
                    models.CharField(
                        choices=[
                            ("live", "On TMDB"),
                            ("gone", "Gone from TMDB"),
                            ("merged", "Merged into another"),
                        ],
                        default="live",
                        max_length=6,
                    ),
                ),
                ("merged_into", models.PositiveIntegerField(blank=True, null=True)),
                ("excluded_at", models.DateTimeField(blank=True, null=True)),
                ("excluded_by", models.CharField(blank=True, default="", max_length=150)),
                ("excluded_why", models.CharField(blank=True, default="", max_length=200)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "payload",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="movies",
                        to="sync.storedpayload",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["imdb_id"], name="movie_by_imdb_id"),
                    models.Index(fields=["year"], name="movie_of_a_year"),
                    models.Index(fields=["upstream_state"], name="movie_of_a_state"),
                    models.Index(fields=["popularity"], name="movie_by_popularity"),
                    models.Index(fields=["fetched_at"], name="movie_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("media_type", "tmdb_id"), name="movie_key")
                ],
            },
        ),
    ]
