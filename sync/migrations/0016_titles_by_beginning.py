"""Titles by how they begin, whatever the case: an index in each database's own words.

`sync.links.finding` asks with `istartswith`, which is LIKE on SQLite and MariaDB, and UPPER(…)
LIKE on PostgreSQL. No model state can say these forms.
"""

from typing import Any

from django.db import migrations

from popflix.lib.schema.indexes import has_index, index_names

NAME = "titles_by_beginning"
_COLUMNS = {
    "sqlite": '"primaryTitle" COLLATE NOCASE',
    "mysql": "`primaryTitle`(40)",  # in the column's own collation
    "postgresql": '(UPPER("primaryTitle"::text)) text_pattern_ops',
}


def add(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    table = apps.get_model("sync", "Title")._meta.db_table
    columns = _COLUMNS.get(connection.vendor)
    # Only on MySQL would an owner's plain index on the column serve as well.
    is_served = connection.vendor == "mysql" and has_index(connection, table, ["primaryTitle"])
    if columns and not is_served and NAME not in index_names(connection, table):
        quoted = connection.ops.quote_name(table)
        schema_editor.execute(f"CREATE INDEX {NAME} ON {quoted} ({columns})")


def remove(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    table = apps.get_model("sync", "Title")._meta.db_table
    if NAME in index_names(connection, table):
        on = f" ON {connection.ops.quote_name(table)}" if connection.vendor == "mysql" else ""
        schema_editor.execute(f"DROP INDEX {NAME}{on}")


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0015_titles_of_a_type"),
    ]

    operations = [
        migrations.RunPython(add, remove, atomic=False),
    ]
