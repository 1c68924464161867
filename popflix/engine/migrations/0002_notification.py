from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Notification",
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
                ("cause", models.CharField(max_length=190)),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "Email"), ("webhook", "Webhook")], max_length=10
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField()),
                ("payload", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["lane", "due_at"], name="notification_claim")],
                "constraints": [
                    models.UniqueConstraint(fields=("cause", "channel"), name="notification_cause")
                ],
            },
        ),
    ]
