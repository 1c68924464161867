from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0010_run_dispatch_count"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="dispatched_at",
            field=models.DateTimeField(null=True),
        ),
    ]
