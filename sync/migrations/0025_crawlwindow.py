"""The spans of dates of a crawl."""

import django.db.models.deletion
from django.db import migrations, models

from popflix.lib.schema import CreateCompanion


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0024_crawl"),
    ]

    operations = [
        CreateCompanion(
            name="CrawlWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_date", models.DateField(blank=True, null=True)),
                ("to_date", models.DateField(blank=True, null=True)),
                ("order", models.CharField(blank=True, default="", max_length=40)),
                ("total_pages", models.PositiveIntegerField(blank=True, null=True)),
                ("total_results", models.PositiveIntegerField(blank=True, null=True)),
                ("next_page", models.PositiveIntegerField(default=1)),
                ("passes", models.PositiveSmallIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "Not looked at"),
                            ("pages", "Its pages are read"),
                            ("done", "Read whole"),
                            ("split", "Split in two"),
                            ("short", "Read, and some are missing"),
                        ],
                        default="new",
                        max_length=5,
                    ),
                ),
                (
                    "crawl",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="windows",
                        to="sync.crawl",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["crawl", "state"], name="crawl_window_open")]
            },
        ),
    ]
