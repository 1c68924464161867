from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["action", "at"], name="audit_action"),
        ),
    ]
