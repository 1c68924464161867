from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0014_run_retry_of"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="schedule_id",
            field=models.BigIntegerField(null=True),
        ),
    ]
