"""The filter by answers that wait for a second look."""

from __future__ import annotations

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [("sync", "0037_recheck_permission")]

    operations = [
        AddIndexIfMissing(
            "availability",
            models.Index(fields=["provider", "differs_since"], name="availability_in_doubt"),
        ),
    ]
