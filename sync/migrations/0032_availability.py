"""Where a movie can be watched: the last known answers, and the work of checking them."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [("sync", "0031_provider")]

    operations = [
        CreateCompanion(
            name="Availability",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                (
                    "lane",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Operator"),
                            (1, "On Sale"),
                            (2, "Schedule"),
                            (3, "Backfill"),
                        ],
                        default=3,
                    ),
                ),
                ("lease_token", models.CharField(blank=True, default="", max_length=60)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("failure_kind", models.CharField(blank=True, default="", max_length=20)),
                (
                    "error_group",
                    models.CharField(blank=True, db_default="", default="", max_length=120),
                ),
                ("last_error", models.TextField(blank=True, default="")),
                ("given_up_at", models.DateTimeField(blank=True, null=True)),
                ("region", models.CharField(blank=True, default="", max_length=2)),
                ("season", models.PositiveSmallIntegerField(default=0)),
                ("episode", models.PositiveSmallIntegerField(default=0)),
                (
                    "status",
                    models.CharField(
                        blank=True,
                        choices=[("available", "Available"), ("unavailable", "Unavailable")],
                        default="",
                        max_length=11,
                    ),
                ),
                ("status_since", models.DateTimeField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "last_outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("available", "Available"),
                            ("unavailable", "Unavailable"),
                            ("unknown", "Unknown"),
                        ],
                        default="",
                        max_length=11,
                    ),
                ),
                ("last_checked", models.DateTimeField(blank=True, null=True)),
                ("agreement_count", models.PositiveSmallIntegerField(default=0)),
                ("differs_since", models.DateTimeField(blank=True, null=True)),
                ("code", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("final_host", models.CharField(blank=True, default="", max_length=100)),
                ("rule", models.CharField(blank=True, default="", max_length=40)),
                ("excerpt_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("offers", models.JSONField(blank=True, null=True)),
                (
                    "document",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="sync.storedpayload",
                    ),
                ),
                (
                    "movie",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="availabilities",
                        to="sync.movie",
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="availabilities",
                        to="sync.provider",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "availabilities",
                "indexes": [
                    models.Index(fields=["provider", "lane", "due_at"], name="availability_claim"),
                    models.Index(
                        fields=["provider", "region", "status"], name="availability_of_status"
                    ),
                    models.Index(
                        fields=["provider", "last_outcome", "last_checked"],
                        name="availability_by_check",
                    ),
                    models.Index(
                        fields=["failure_kind", "error_group", "given_up_at"],
                        name="availability_letters",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("movie", "provider", "region", "season", "episode"),
                        name="availability_key",
                    )
                ],
            },
        ),
    ]
