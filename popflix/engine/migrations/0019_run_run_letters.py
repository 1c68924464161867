from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0018_event_event_at"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["status", "dismissed_at", "parent"], name="run_letters"),
        ),
    ]
