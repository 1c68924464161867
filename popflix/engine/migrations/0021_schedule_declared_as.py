from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0020_notification_given_up_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="schedule",
            name="declared_as",
            field=models.CharField(blank=True, default="", editable=False, max_length=250),
        ),
    ]
