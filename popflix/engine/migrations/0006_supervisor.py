from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0005_schedule"),
    ]

    operations = [
        migrations.CreateModel(
            name="Supervisor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("host", models.CharField(max_length=255)),
                ("pid", models.PositiveIntegerField()),
                ("process_started_at", models.CharField(default="", max_length=40)),
                ("started_at", models.DateTimeField()),
                ("beat_at", models.DateTimeField()),
                ("workers", models.PositiveSmallIntegerField()),
                ("replaced_count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("host", "pid"), name="supervisor_process")
                ],
            },
        ),
    ]
