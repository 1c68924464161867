from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0029_run_run_status_newest"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                fields=[
                    "status", "dismissed_at", "parent", "unit", "error_group", "finished_at"
                ],
                name="run_failures",
            ),
        ),
    ]  # fmt: skip
