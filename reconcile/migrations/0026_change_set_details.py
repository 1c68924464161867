"""What its purpose needs to know."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0025_change_set_purpose"),
    ]

    operations = [
        migrations.AddField(
            model_name="changeset",
            name="details",
            field=models.JSONField(default=dict),
        ),
    ]
