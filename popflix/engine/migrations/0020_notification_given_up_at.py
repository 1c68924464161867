from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0019_run_run_letters"),
    ]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="given_up_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
