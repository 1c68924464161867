"""What a change set is for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0024_change_states"),
    ]

    operations = [
        migrations.AddField(
            model_name="changeset",
            name="purpose",
            field=models.CharField(
                choices=[("load", "Load"), ("undo", "Undo"), ("zone", "Zone")],
                default="load",
                max_length=4,
            ),
        ),
    ]
