"""Staging, in the table that users of the seed may have."""

import django.db.models.functions.datetime
from django.db import migrations, models

import reconcile.shows.fields
from popflix.lib.schema import CreateOrAdopt


class Migration(migrations.Migration):
    initial = False  # else --fake-initial would skip the comparison

    dependencies = []

    operations = [
        CreateOrAdopt(
            name="SyncShow",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
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
                (
                    "created_at",
                    models.DateTimeField(
                        db_column="createdAt", db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_column="updatedAt", db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
            ],
            options={
                "db_table": "SyncShow",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("cinema_id", "show_time", "screen_name", "movie_id"),
                        name="sync_show_key",
                    )
                ],
            },
            holds={
                "format": (40, "the feeds' formats"),
                "genere": (60, "the feeds' genres"),
                "imageUrl": (160, "image addresses"),
                "isActive": (5, "the feeds' words"),
                "length": (999, "the feeds' lengths"),
                "movieID": (20, "the feeds' movie numbers"),
                "rating": (20, "the feeds' ratings"),
                "screenName": (60, "the feeds' screen names"),
                "title": (100, "the feeds' titles"),
            },
            any_language=("title", "screenName"),
        ),
    ]
