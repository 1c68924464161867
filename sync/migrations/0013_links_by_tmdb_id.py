"""The title of a TMDB page."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0012_links_of_a_status"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="medialinks",
            index=models.Index(fields=["tmdb_id"], name="links_by_tmdb_id"),
        ),
    ]
