from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0023_run_progressed_at"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="run",
            options={
                "permissions": [
                    ("run_unit", "Can run a unit"),
                    ("retry_run", "Can retry a run or a dead letter"),
                    ("cancel_run", "Can cancel a run"),
                ]
            },
        ),
    ]
