from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0008_run_crashed_at_done"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="dismissed_at",
            field=models.DateTimeField(null=True),
        ),
    ]
