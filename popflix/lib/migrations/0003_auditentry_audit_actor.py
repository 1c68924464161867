from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0002_auditentry_audit_action"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["actor_name", "at"], name="audit_actor"),
        ),
    ]
