import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0013_run_mode"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="retry_of",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="retries",
                to="engine.run",
            ),
        ),
    ]
