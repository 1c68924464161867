"""The list of what a run touched, in its order."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0016_titles_by_beginning"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="enrichment",
            index=models.Index(fields=["last_run", "link"], name="enrichment_of_a_run"),
        ),
    ]
