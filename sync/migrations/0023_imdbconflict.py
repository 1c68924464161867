"""IMDb ids that do not agree."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0022_movierating"),
    ]

    operations = [
        CreateCompanion(
            name="ImdbConflict",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("imdb_id", models.CharField(max_length=16)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("shared", "Another movie has this IMDb id"),
                            ("changed", "The movie has another IMDb id"),
                            ("links", "The title's media links lead to another TMDB record"),
                        ],
                        max_length=7,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                (
                    "other_title",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="sync.title",
                    ),
                ),
                (
                    "movie",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imdb_conflicts",
                        to="sync.movie",
                    ),
                ),
                (
                    "other_movie",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="sync.movie",
                    ),
                ),
            ],
            options={
                "verbose_name": "conflict of IMDb ids",
                "verbose_name_plural": "conflicts of IMDb ids",
                "indexes": [models.Index(fields=["found_at"], name="imdb_conflict_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("movie", "kind", "imdb_id"), name="imdb_conflict_key"
                    )
                ],
            },
        ),
    ]
