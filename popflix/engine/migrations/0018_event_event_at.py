from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0017_alter_run_slot"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["at"], name="event_at"),
        ),
    ]
