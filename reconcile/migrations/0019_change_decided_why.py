"""Why a person decided so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0018_change_of_master"),
    ]

    operations = [
        migrations.AddField(
            model_name="change",
            name="decided_why",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
    ]
