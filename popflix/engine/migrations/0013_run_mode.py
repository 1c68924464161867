from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0012_run_error_group"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="mode",
            field=models.CharField(blank=True, default="", max_length=10),
        ),
    ]
