"""What five sources think of each movie."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0021_moviefetch"),
    ]

    operations = [
        CreateCompanion(
            name="MovieRating",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("tmdb", "TMDB"),
                            ("imdb", "IMDb"),
                            ("metacritic", "Metacritic"),
                            ("rotten_tomatoes", "Rotten Tomatoes"),
                            ("letterboxd", "Letterboxd"),
                        ],
                        max_length=15,
                    ),
                ),
                ("value", models.DecimalField(decimal_places=3, max_digits=6)),
                ("scale", models.PositiveSmallIntegerField()),
                ("votes", models.PositiveIntegerField(blank=True, null=True)),
                ("rated_at", models.DateTimeField()),
                ("from_what", models.CharField(blank=True, default="", max_length=100)),
                (
                    "movie",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ratings",
                        to="sync.movie",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["source", "movie"], name="movie_rating_of_source")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("movie", "source"), name="movie_rating_key")
                ],
            },
        ),
    ]
