from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0006_alter_quarantinedrow_options"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="auditentry",
            options={"verbose_name_plural": "audit entries"},
        ),
    ]
