from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0016_run_step"),
    ]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="slot",
            field=models.PositiveSmallIntegerField(default=0, null=True),
        ),
    ]
