"""Who is asked where a movie can be watched."""

from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [("sync", "0030_movie_by_title")]

    operations = [
        CreateCompanion(
            name="Provider",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=30, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("tmdb", "TMDB's watch providers"),
                            ("url", "An address per title"),
                            ("list", "A list of ids"),
                        ],
                        max_length=4,
                    ),
                ),
                ("first_seen_at", models.DateTimeField()),
                ("controls_at", models.DateTimeField(blank=True, null=True)),
                ("controls_agree", models.BooleanField(blank=True, null=True)),
                ("controls_told", models.CharField(blank=True, default="", max_length=300)),
            ],
            options={},
        ),
    ]
