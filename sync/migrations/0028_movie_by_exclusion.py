"""The filter by what an operator excluded."""

from __future__ import annotations

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [("sync", "0027_certificate")]

    operations = [
        AddIndexIfMissing(
            "movie", models.Index(fields=["excluded_at"], name="movie_by_exclusion")
        ),
    ]
