from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0028_alter_run_options"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["status", "-id", "parent"], name="run_status_newest"),
        ),
    ]
