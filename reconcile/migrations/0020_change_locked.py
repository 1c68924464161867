"""What the feed says of locked fields."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0019_change_decided_why"),
    ]

    operations = [
        migrations.AddField(
            model_name="change",
            name="locked",
            field=models.JSONField(null=True),
        ),
    ]
