from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0011_run_dispatched_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="error_group",
            field=models.CharField(default="", max_length=120),
        ),
    ]
