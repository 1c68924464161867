"""Media links, in the table that users of the seed may have."""

import django.db.models.deletion
from django.db import migrations, models

import sync.links.models
from popflix.lib.schema import CreateOrAdopt


class Migration(migrations.Migration):
    initial = False  # else --fake-initial would skip the comparison

    dependencies = [
        ("sync", "0001_initial"),
    ]

    operations = [
        CreateOrAdopt(
            name="MediaLinks",
            fields=[
                (
                    "title",
                    models.OneToOneField(
                        db_column="imdb_id",
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="media_links",
                        serialize=False,
                        to="sync.title",
                    ),
                ),
                ("tmdb_id", models.IntegerField(blank=True, null=True)),
                ("poster_url", models.CharField(blank=True, max_length=2048, null=True)),
                ("trailer_embed_url", models.CharField(blank=True, max_length=2048, null=True)),
                (
                    "processed_status",
                    sync.links.models.StatusField(
                        choices=[
                            ("PENDING", "Pending"),
                            ("SUCCESS", "Success"),
                            ("FAILED", "Failed"),
                        ],
                        db_default="PENDING",
                        default="PENDING",
                        max_length=7,
                    ),
                ),
                (
                    "last_updated",
                    sync.links.models.LastUpdatedField(
                        blank=True, db_default=sync.links.models.CurrentTimestamp(), null=True
                    ),
                ),
            ],
            options={
                "verbose_name": "media links",
                "verbose_name_plural": "media links",
                "db_table": "MediaLinks",
            },
            holds={
                "imdb_id": (10, "IMDb's ids"),
                "poster_url": (200, "poster addresses"),
                "trailer_embed_url": (200, "trailer addresses"),
            },
        ),
    ]
