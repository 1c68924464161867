"""Shows of a movie by their time."""

from django.db import migrations, models

from popflix.lib.schema import AddIndexIfMissing


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0011_master_show_of_cinema"),
    ]

    operations = [
        AddIndexIfMissing(
            model_name="mastershow",
            index=models.Index(fields=["movie_id", "show_time"], name="master_show_of_movie"),
        ),
    ]
