"""When the programme of a load was looked through."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0027_change_set_permissions"),
    ]

    operations = [
        migrations.AddField(
            model_name="load",
            name="checked_at",
            field=models.DateTimeField(null=True),
        ),
    ]
