"""The list of media links of one status, in its order."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0011_retry_permission"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="medialinks",
            index=models.Index(fields=["processed_status", "title"], name="links_of_a_status"),
        ),
    ]
