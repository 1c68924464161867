from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0007_enrichment_given_up_at"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="enrichment",
            index=models.Index(
                fields=["failure_kind", "error_group", "given_up_at"], name="enrichment_letters"
            ),
        ),
    ]
