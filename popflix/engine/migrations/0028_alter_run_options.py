from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0027_runlog"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="run",
            options={
                "permissions": [
                    ("run_unit", "Can run a unit"),
                    ("retry_run", "Can retry a run or a dead letter"),
                    ("cancel_run", "Can cancel a run"),
                    ("discard_run", "Can discard dead letters"),
                ]
            },
        ),
    ]
