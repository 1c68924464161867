from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0005_enrichment_claim"),
    ]

    operations = [
        migrations.AddField(
            model_name="enrichment",
            name="error_group",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
    ]
