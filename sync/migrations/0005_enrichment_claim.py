"""The index that claims walk along."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0004_enrichment"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="enrichment",
            index=models.Index(fields=["lane", "due_at"], name="enrichment_claim"),
        ),
    ]
