from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0015_run_schedule_id"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="step",
            field=models.PositiveSmallIntegerField(null=True),
        ),
    ]
