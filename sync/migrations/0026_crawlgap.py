"""What a crawl could not read."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0025_crawlwindow"),
    ]

    operations = [
        CreateCompanion(
            name="CrawlGap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("page", models.PositiveIntegerField(blank=True, null=True)),
                ("line", models.PositiveIntegerField(blank=True, null=True)),
                ("reason", models.CharField(max_length=200)),
                ("attempts", models.PositiveSmallIntegerField(default=1)),
                ("found_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "crawl",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gaps",
                        to="sync.crawl",
                    ),
                ),
                (
                    "window",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="sync.crawlwindow",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["crawl", "resolved_at"], name="crawl_gap_open")]
            },
        ),
    ]
