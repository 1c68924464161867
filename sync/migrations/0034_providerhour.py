"""What each provider answered, hour by hour."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [("sync", "0033_availabilityflip")]

    operations = [
        CreateCompanion(
            name="ProviderHour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mirror", models.CharField(blank=True, default="", max_length=100)),
                ("hour", models.DateTimeField()),
                ("available_count", models.PositiveIntegerField(default=0)),
                ("unavailable_count", models.PositiveIntegerField(default=0)),
                ("unknown_count", models.PositiveIntegerField(default=0)),
                ("control_count", models.PositiveIntegerField(default=0)),
                ("control_wrong_count", models.PositiveIntegerField(default=0)),
                ("limited_count", models.PositiveIntegerField(default=0)),
                ("refused_count", models.PositiveIntegerField(default=0)),
                ("fault_count", models.PositiveIntegerField(default=0)),
                ("answer_ms", models.PositiveBigIntegerField(default=0)),
                ("slowest_ms", models.PositiveIntegerField(default=0)),
                (
                    "provider",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hours",
                        to="sync.provider",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "mirror", "hour"), name="provider_hour_key"
                    )
                ]
            },
        ),
    ]
