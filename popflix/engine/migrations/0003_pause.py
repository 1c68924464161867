from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0002_notification"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pause",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("unit", models.CharField(max_length=100)),
                (
                    "holder",
                    models.CharField(
                        choices=[("operator", "Operator"), ("all", "All"), ("machine", "Machine")],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=150)),
                ("why", models.TextField()),
                ("condition", models.CharField(default="", max_length=100)),
                ("memory", models.JSONField(default=dict)),
                ("check_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("unit", "holder"), name="pause_holder")
                ],
            },
        ),
    ]
