from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0003_auditentry_audit_actor"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["target"], name="audit_target"),
        ),
    ]
