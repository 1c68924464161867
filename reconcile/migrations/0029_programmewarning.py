"""What of a programme cannot be."""

from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0028_load_checked_at"),
    ]

    operations = [
        CreateCompanion(
            name="ProgrammeWarning",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=60)),
                ("load_id", models.BigIntegerField()),
                ("cinema_id", models.IntegerField()),
                ("day", models.DateField()),
                ("kind", models.CharField(max_length=10)),
                ("words", models.TextField()),
                ("sync_ids", models.JSONField(default=list)),
                ("found_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["cinema_id", "day"], name="warning_of_cinema"),
                    models.Index(fields=["source", "-id"], name="warning_of_source"),
                ],
            },
        ),
    ]
