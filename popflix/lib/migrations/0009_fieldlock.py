"""Fields that an operator keeps from feeds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0008_auditentry_audit_actor_action"),
    ]

    operations = [
        migrations.CreateModel(
            name="FieldLock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("table", models.CharField(max_length=60)),
                ("row", models.CharField(max_length=64)),
                ("field", models.CharField(max_length=60)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("forever", "Forever"),
                            ("date", "Date"),
                            ("passed", "Passed"),
                            ("agrees", "Agrees"),
                        ],
                        default="forever",
                        max_length=7,
                    ),
                ),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("feed_value", models.JSONField(blank=True, null=True)),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
                ("why", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("table", "row", "field"), name="field_lock_key"
                    )
                ],
            },
        ),
    ]
