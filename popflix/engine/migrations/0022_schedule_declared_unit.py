from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0021_schedule_declared_as"),
    ]

    operations = [
        migrations.AddField(
            model_name="schedule",
            name="declared_unit",
            field=models.CharField(editable=False, max_length=100, null=True, unique=True),
        ),
    ]
