"""How much of an export is held."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0026_crawlgap"),
    ]

    operations = [
        CreateCompanion(
            name="Certificate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "media_type",
                    models.CharField(
                        choices=[("movie", "Movie"), ("tv", "Series")],
                        default="movie",
                        max_length=5,
                    ),
                ),
                ("export_name", models.CharField(max_length=100)),
                ("made_at", models.DateTimeField(db_index=True)),
                ("in_export", models.PositiveIntegerField()),
                ("held", models.PositiveIntegerField()),
                ("merged", models.PositiveIntegerField()),
                ("gone", models.PositiveIntegerField()),
                ("excluded", models.PositiveIntegerField()),
                ("missing", models.PositiveIntegerField()),
                ("beyond", models.PositiveIntegerField()),
                ("percent", models.FloatField()),
                ("undated", models.PositiveIntegerField(blank=True, null=True)),
                ("gaps", models.JSONField(blank=True, default=list)),
                ("gap_count", models.PositiveIntegerField(default=0)),
                ("missing_ids", models.BinaryField(default=b"")),
                ("beyond_ids", models.BinaryField(default=b"")),
                (
                    "crawl",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="certificates",
                        to="sync.crawl",
                    ),
                ),
            ],
        ),
    ]
