from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0004_auditentry_audit_target"),
    ]

    operations = [
        migrations.AddField(
            model_name="quarantinedrow",
            name="reader",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
    ]
