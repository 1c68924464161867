"""How much of the titles has been answered, measured now and then."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0009_given_up_rows"),
    ]

    operations = [
        migrations.CreateModel(
            name="Coverage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("measured_at", models.DateTimeField(unique=True)),
                ("title_count", models.PositiveIntegerField()),
                ("answered_count", models.PositiveIntegerField()),
                ("poster_count", models.PositiveIntegerField()),
                ("trailer_count", models.PositiveIntegerField()),
                ("failed_count", models.PositiveIntegerField()),
                ("pending_count", models.PositiveIntegerField()),
            ],
            options={
                "verbose_name_plural": "coverage",
            },
        ),
    ]
