"""Titles, in the table that users of the seed may have."""

from django.db import migrations, models

from popflix.lib.schema import CreateOrAdopt


class Migration(migrations.Migration):
    initial = False  # else --fake-initial would skip the comparison

    dependencies = []

    operations = [
        CreateOrAdopt(
            name="Title",
            fields=[
                ("tconst", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("title_type", models.CharField(db_column="titleType", max_length=20, null=True)),
                ("primary_title", models.TextField(db_column="primaryTitle", null=True)),
                ("original_title", models.TextField(db_column="originalTitle", null=True)),
                ("is_adult", models.BooleanField(db_column="isAdult", null=True)),
                ("start_year", models.SmallIntegerField(db_column="startYear", null=True)),
                ("end_year", models.SmallIntegerField(db_column="endYear", null=True)),
                ("runtime_minutes", models.IntegerField(db_column="runtimeMinutes", null=True)),
                ("genres", models.CharField(max_length=255, null=True)),
            ],
            options={
                "db_table": "TitleBasics",
            },
            holds={
                "tconst": (10, "IMDb's ids"),
                "titleType": (12, "IMDb's title types"),
                "primaryTitle": (200, "IMDb's titles"),
                "originalTitle": (200, "IMDb's titles"),
                "startYear": (1894, "IMDb's years"),
                "runtimeMinutes": (51420, "IMDb's running times"),
                "genres": (32, "IMDb's genres"),
            },
            any_language=["primaryTitle", "originalTitle"],
        ),
    ]
