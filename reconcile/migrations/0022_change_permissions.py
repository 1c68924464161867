"""Who may approve."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0021_change_undoes"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="change",
            options={"permissions": [("approve_change", "Can approve and reject changes")]},
        ),
    ]
