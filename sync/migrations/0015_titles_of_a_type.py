"""The list of titles of one type, in its order."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0014_enrichment_of_a_kind"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="title",
            index=models.Index(fields=["title_type", "tconst"], name="titles_of_a_type"),
        ),
    ]
