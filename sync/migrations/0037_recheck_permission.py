"""Having availability checked again is a permission of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0034_providerhour"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="availability",
            options={
                "permissions": [("recheck_availability", "Can have availability checked again")],
                "verbose_name_plural": "availabilities",
            },
        ),
    ]
