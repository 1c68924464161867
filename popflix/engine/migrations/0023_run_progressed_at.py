from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0022_schedule_declared_unit"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="progressed_at",
            field=models.DateTimeField(null=True),
        ),
    ]
