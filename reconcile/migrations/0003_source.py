"""Feeds by name."""

from django.db import migrations, models

import reconcile.shows.fields
from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0002_mastershow"),
    ]

    operations = [
        CreateCompanion(
            name="Source",
            fields=[
                (
                    "name",
                    reconcile.shows.fields.ExactText(
                        max_length=60, primary_key=True, serialize=False
                    ),
                ),
                ("zone", models.CharField(blank=True, default="", max_length=64)),
                ("times", models.CharField(blank=True, default="", max_length=5)),
                ("lease_token", models.CharField(blank=True, default="", max_length=60)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [],
            },
        ),
    ]
