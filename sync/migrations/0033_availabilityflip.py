"""The history of answers."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [("engine", "0031_remove_run_run_letters"), ("sync", "0032_availability")]

    operations = [
        CreateCompanion(
            name="AvailabilityFlip",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "before",
                    models.CharField(
                        blank=True,
                        choices=[("available", "Available"), ("unavailable", "Unavailable")],
                        default="",
                        max_length=11,
                    ),
                ),
                (
                    "after",
                    models.CharField(
                        choices=[("available", "Available"), ("unavailable", "Unavailable")],
                        max_length=11,
                    ),
                ),
                ("code", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("final_host", models.CharField(blank=True, default="", max_length=100)),
                ("rule", models.CharField(blank=True, default="", max_length=40)),
                (
                    "availability",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="flips",
                        to="sync.availability",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="engine.run",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["availability", "at"], name="availability_history")
                ]
            },
        ),
    ]
