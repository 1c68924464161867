"""Who may undo."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0026_change_set_details"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="changeset",
            options={"permissions": [("undo_changeset", "Can undo a change set")]},
        ),
    ]
