from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0006_enrichment_error_group"),
    ]

    operations = [
        migrations.AddField(
            model_name="enrichment",
            name="given_up_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
