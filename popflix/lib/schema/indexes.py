"""Adding an index to a table whose owner may have made it already."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import migrations
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

_ORDERED = ("idx", "btree")  # a full-text or hash index serves neither ranges nor orders


class AddIndexIfMissing(migrations.AddIndex):
    """AddIndex, unless an index that begins with these columns is there.

    It may be the owner's own, or have been left by a migration that died before it was recorded:
    MariaDB commits at every change of the schema.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        columns = [str(model._meta.get_field(name).column) for name in self.index.fields]
        if not has_index(schema_editor.connection, model._meta.db_table, columns):
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Remove the index of our name alone."""
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.index.name in index_names(schema_editor.connection, model._meta.db_table):
            super().database_backwards(app_label, schema_editor, from_state, to_state)


def has_index(connection: BaseDatabaseWrapper, table: str, columns: Sequence[str]) -> bool:
    """Whether an index that keeps an order begins with these columns."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table).values()
    return any(
        each["index"]
        and str(each.get("type", "idx")).lower() in _ORDERED
        and list(each["columns"] or ())[: len(columns)] == list(columns)
        for each in found
    )


def index_names(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, table))
