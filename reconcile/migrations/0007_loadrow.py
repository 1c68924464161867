"""Rows on their way into staging."""

from django.db import migrations, models

import reconcile.shows.fields
from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0006_loadslice"),
    ]

    operations = [
        CreateCompanion(
            name="LoadRow",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("key_hash", models.BigIntegerField()),
                ("day", models.DateField()),
                (
                    "movie_id",
                    reconcile.shows.fields.ExactText(db_column="movieID", max_length=191),
                ),
                ("cinema_id", models.IntegerField(db_column="cinemaId")),
                (
                    "screen_name",
                    reconcile.shows.fields.ExactText(db_column="screenName", max_length=191),
                ),
                ("show_time", models.DateTimeField(db_column="showTime")),
                ("title", reconcile.shows.fields.ExactText(max_length=191)),
                ("rating", reconcile.shows.fields.ExactText(max_length=191, null=True)),
                ("length", models.IntegerField(null=True)),
                ("format", reconcile.shows.fields.ExactText(max_length=191, null=True)),
                ("genere", reconcile.shows.fields.ExactText(max_length=191, null=True)),
                (
                    "is_active",
                    reconcile.shows.fields.ExactText(
                        db_column="isActive", max_length=191, null=True
                    ),
                ),
                (
                    "image_url",
                    reconcile.shows.fields.ExactText(
                        db_column="imageUrl", max_length=191, null=True
                    ),
                ),
            ],
            options={
                "constraints": [],
            },
        ),
    ]
