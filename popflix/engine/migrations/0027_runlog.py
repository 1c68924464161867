import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0026_runsample"),
    ]

    operations = [
        migrations.CreateModel(
            name="RunLog",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="log",
                        serialize=False,
                        to="engine.run",
                    ),
                ),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
