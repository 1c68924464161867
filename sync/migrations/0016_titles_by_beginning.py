"""Titles by how they begin, whatever the case: an index in each database's own words.

`sync.links.finding` asks with `istartswith`, which is LIKE on SQLite and MariaDB, and UPPER(…)
LIKE on PostgreSQL. No model state can say these forms.
"""

from typing import Any

from django.db import migrations

from sync.links.title_indexes import BY_BEGINNING, beginnings_sql, drop_sql


def add(apps: Any, schema_editor: Any) -> None:
    table = apps.get_model("sync", "Title")._meta.db_table
    if sql := beginnings_sql(schema_editor.connection, table):
        schema_editor.execute(sql)


def remove(apps: Any, schema_editor: Any) -> None:
    table = apps.get_model("sync", "Title")._meta.db_table
    if sql := drop_sql(schema_editor.connection, table, BY_BEGINNING):
        schema_editor.execute(sql)


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0015_titles_of_a_type"),
    ]

    operations = [
        migrations.RunPython(add, remove, atomic=False),
    ]
