from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0024_alter_run_options"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="pause",
            options={"permissions": [("pause_unit", "Can pause and resume a unit")]},
        ),
    ]
