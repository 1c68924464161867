from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0007_alter_auditentry_options"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["actor_name", "action", "at"], name="audit_actor_action"),
        ),
    ]
