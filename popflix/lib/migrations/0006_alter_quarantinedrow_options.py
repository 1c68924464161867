from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0005_quarantinedrow_reader"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="quarantinedrow",
            options={
                "permissions": [
                    ("replay_quarantinedrow", "Can mend and replay a quarantined row"),
                    ("discard_quarantinedrow", "Can discard a quarantined row"),
                ],
                "verbose_name": "row in quarantine",
                "verbose_name_plural": "rows in quarantine",
            },
        ),
    ]
