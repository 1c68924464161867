"""Cinemas, learnt from feeds."""

from django.db import migrations, models

import reconcile.shows.fields
from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0003_source"),
    ]

    operations = [
        CreateCompanion(
            name="Cinema",
            fields=[
                ("id", models.IntegerField(primary_key=True, serialize=False)),
                ("name", reconcile.shows.fields.ExactText(blank=True, default="", max_length=191)),
                ("zone", models.CharField(blank=True, default="", max_length=64)),
                ("source", reconcile.shows.fields.ExactText(max_length=60)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
            ],
            options={
                "constraints": [],
            },
        ),
    ]
