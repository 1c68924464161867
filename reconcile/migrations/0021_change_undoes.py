"""The change that another one reverses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0020_change_locked"),
    ]

    operations = [
        migrations.AddField(
            model_name="change",
            name="undoes",
            field=models.BigIntegerField(null=True),
        ),
    ]
