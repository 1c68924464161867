"""The filter by movies without a poster."""

from __future__ import annotations

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [("sync", "0028_movie_by_exclusion")]

    operations = [
        AddIndexIfMissing("movie", models.Index(fields=["poster_path"], name="movie_by_poster")),
    ]
