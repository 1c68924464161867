from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0004_runfile"),
    ]

    operations = [
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("unit", models.CharField(max_length=100)),
                (
                    "cron",
                    models.CharField(
                        blank=True, default="", help_text="0 4 * * 1-5", max_length=100
                    ),
                ),
                ("every_seconds", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC",
                        help_text="in which cron is meant, such as Europe/Berlin",
                        max_length=60,
                    ),
                ),
                (
                    "overlap",
                    models.CharField(
                        choices=[("skip", "Skip"), ("queue", "Queue")],
                        default="skip",
                        max_length=5,
                    ),
                ),
                ("jitter_seconds", models.PositiveIntegerField(default=0)),
                ("params", models.JSONField(blank=True, default=dict)),
                ("is_enabled", models.BooleanField(default=True)),
                (
                    "origin",
                    models.CharField(blank=True, default="", editable=False, max_length=10),
                ),
                ("slot_at", models.DateTimeField(editable=False, null=True)),
                ("next_at", models.DateTimeField(editable=False, null=True)),
                ("error", models.TextField(blank=True, default="", editable=False)),
            ],
            options={
                "indexes": [models.Index(fields=["is_enabled", "next_at"], name="schedule_due")],
            },
        ),
    ]
