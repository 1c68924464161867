"""An undone insert is a kind of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0022_change_permissions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="change",
            name="kind",
            field=models.CharField(
                choices=[
                    ("insert", "insert"),
                    ("update", "update"),
                    ("move", "move"),
                    ("missing", "missing"),
                    ("revive", "revive"),
                    ("remove", "remove"),
                ],
                max_length=7,
            ),
        ),
    ]
