"""The search by how a title begins. MariaDB indexes a text's first letters alone, in its words."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from popflix.lib.schema.indexes import index_names

_NAME = "movie_by_title"


def add(apps: Any, editor: Any) -> None:
    model = apps.get_model("sync", "Movie")
    table = editor.quote_name(model._meta.db_table)
    column = "title(60)" if editor.connection.vendor == "mysql" else "title"
    if _NAME in index_names(editor.connection, model._meta.db_table):
        return  # left by a migration that died before it was recorded
    editor.execute(f"CREATE INDEX {_NAME} ON {table} ({column})")


def drop(apps: Any, editor: Any) -> None:
    table = editor.quote_name(apps.get_model("sync", "Movie")._meta.db_table)
    on = f" ON {table}" if editor.connection.vendor == "mysql" else ""
    editor.execute(f"DROP INDEX {_NAME}{on}")


class Migration(migrations.Migration):
    dependencies = [("sync", "0029_movie_by_poster")]

    operations = [migrations.RunPython(add, drop, atomic=False)]
