"""How many shows a load has of each cinema and day."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0005_load"),
    ]

    operations = [
        CreateCompanion(
            name="LoadSlice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "load",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slices",
                        to="reconcile.load",
                    ),
                ),
                ("cinema_id", models.IntegerField()),
                ("day", models.DateField()),
                ("rows", models.PositiveIntegerField()),
                ("active_rows", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("load", "cinema_id", "day"), name="load_slice")
                ],
            },
        ),
    ]
