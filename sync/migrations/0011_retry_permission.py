"""Retrying is a permission of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0010_coverage"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="medialinks",
            options={
                "permissions": [("retry_medialinks", "Can have TMDB asked about a title again")],
                "verbose_name": "media links",
                "verbose_name_plural": "media links",
            },
        ),
    ]
