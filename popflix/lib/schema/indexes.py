"""Adding an index to a table whose owner may have made it already."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import migrations
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState
from django.db.models import Index, Model

_ORDERED = ("idx", "btree")  # a full-text or hash index serves neither ranges nor orders
# MySQL and MariaDB refuse an index on more bytes than 3072 in all, or 767 of one column in the
# older formats of rows: characters have up to four. A beginning serves filters, not the order.
_LONGEST, _BEGINNING = 191, 40


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
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        sql = sql_if_missing(schema_editor.connection, model, self.index)
        if sql:
            schema_editor.execute(sql)

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


def sql_if_missing(connection: BaseDatabaseWrapper, model: type[Model], index: Index) -> str:
    """The statement that makes the index; empty where one begins with its columns."""
    table, quote = model._meta.db_table, connection.ops.quote_name
    orders = [
        (str(getattr(model._meta.get_field(name), "column", "")), order)
        for name, order in index.fields_orders
    ]
    if has_index(connection, table, [column for column, _ in orders]):
        return ""
    long = long_columns(connection, table)
    parts = [
        f"{quote(column)}{f'({_BEGINNING})' if column in long else ''} {order}".rstrip()
        for column, order in orders
    ]
    return f"CREATE INDEX {quote(index.name)} ON {quote(table)} ({', '.join(parts)})"


def has_index(connection: BaseDatabaseWrapper, table: str, columns: Sequence[str]) -> bool:
    """Whether an index that keeps an order begins with these columns; a unique key has one."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table).values()
    return any(
        (each["index"] or each["unique"])
        and str(each.get("type", "idx")).lower() in _ORDERED
        and list(each["columns"] or ())[: len(columns)] == list(columns)
        for each in found
    )


def index_names(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, table))


def long_columns(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    """Columns that an owner made longer than an index takes: of what pandas loads all are."""
    if connection.vendor != "mysql":
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
            "AND TABLE_NAME = %s AND CHARACTER_MAXIMUM_LENGTH > %s",
            [table, _LONGEST],
        )
        return {str(name) for (name,) in cursor.fetchall()}
