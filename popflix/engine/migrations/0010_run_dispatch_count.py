from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0009_run_dismissed_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="dispatch_count",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
