from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0006_supervisor"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="crash_count",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
