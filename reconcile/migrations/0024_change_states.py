"""A change may have been undone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0023_change_kinds"),
    ]

    operations = [
        migrations.AlterField(
            model_name="change",
            name="state",
            field=models.CharField(
                choices=[
                    ("approved", "Approved"),
                    ("held", "Held"),
                    ("applied", "Applied"),
                    ("rejected", "Rejected"),
                    ("stale", "Stale"),
                    ("locked", "Locked"),
                    ("undone", "Undone"),
                ],
                max_length=8,
            ),
        ),
    ]
