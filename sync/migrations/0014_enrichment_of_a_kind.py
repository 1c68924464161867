"""The list of what failed for one reason, in its order."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0013_links_by_tmdb_id"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="enrichment",
            index=models.Index(fields=["failure_kind", "link"], name="enrichment_of_a_kind"),
        ),
    ]
