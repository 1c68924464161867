"""Bodies as they were received."""

from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0018_alter_enrichment_last_run"),
    ]

    operations = [
        CreateCompanion(
            name="StoredPayload",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("body", models.BinaryField()),
                ("size", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=5)),
                ("first_seen_at", models.DateTimeField()),
            ],
        ),
    ]
