"""Ratings beside the titles."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0002_medialinks"),
    ]

    operations = [
        CreateCompanion(
            name="TitleRating",
            fields=[
                (
                    "title",
                    models.OneToOneField(
                        db_column="tconst",
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="rating",
                        serialize=False,
                        to="sync.title",
                    ),
                ),
                ("average_rating", models.DecimalField(decimal_places=1, max_digits=3)),
                ("num_votes", models.PositiveIntegerField()),
            ],
        ),
    ]
