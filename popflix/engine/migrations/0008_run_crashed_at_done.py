from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0007_run_crash_count"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="crashed_at_done",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
