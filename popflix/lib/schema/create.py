"""Create a table beside tables that were adopted, in one statement, foreign keys included.

MySQL and MariaDB refuse a foreign key between columns of different character sets (errno 150)
and join them without an index, or not at all. So a column that refers to text takes character
set and collation of what it refers to, while the table's other columns stay utf8mb4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from popflix.lib.schema.descriptions import Column, charset_clause
from popflix.lib.schema.names import fold
from popflix.lib.schema.wanted import Charset, column_of, new_table_charset, referred_text


def create_table(
    editor: BaseDatabaseSchemaEditor,
    model: type[models.Model],
    parents: Mapping[str, tuple[Column, ...]],
) -> None:
    """Create `model`'s table; `parents` has the columns of the tables it refers to by text."""
    if editor.connection.vendor != "mysql":
        editor.create_model(model)
        return
    default = new_table_charset(editor.connection)
    tail = "" if default.is_databases else f" DEFAULT {default.clause()}"
    references = []
    with ExitStack() as for_the_moment:
        for field in model._meta.local_fields:
            if not isinstance(field, models.ForeignKey):
                continue
            clause = _charset_of_target(editor.connection, field, parents, default)
            if clause:
                written = f"{field.db_type(editor.connection)} {clause}"
                for_the_moment.enter_context(_set(field, db_type=_always(written)))
            if vars(field)["db_constraint"]:
                references.append(_reference(editor, field))
                for_the_moment.enter_context(_set(field, db_constraint=False))
        definition = ", ".join(["%(definition)s", *references])
        statement = f"CREATE TABLE %(table)s ({definition}){tail}"
        for_the_moment.enter_context(_set(editor, sql_create_table=statement))
        editor.create_model(model)


def _charset_of_target(
    connection: BaseDatabaseWrapper,
    field: models.ForeignKey[Any, Any],
    parents: Mapping[str, tuple[Column, ...]],
    default: Charset,
) -> str:
    """The clause that a column referring to text needs; empty where the default is right."""
    target = referred_text(connection, field)
    if target is None or target[0] not in parents:
        return ""
    table, column = target
    names = {fold("mysql", each.name): each for each in parents[table]}
    parent = names.get(fold("mysql", column))
    if parent is None or parent.collation == default.collation:
        return ""
    return charset_clause(parent.charset, parent.collation)


def _reference(editor: BaseDatabaseSchemaEditor, field: models.ForeignKey[Any, Any]) -> str:
    """An unnamed foreign key, as in the seed's SQL; the server names it `<table>_ibfk_1`."""
    quote = editor.quote_name
    target = field.target_field
    there = f"{quote(target.model._meta.db_table)} ({quote(column_of(target))})"
    return f"FOREIGN KEY ({quote(column_of(field))}) REFERENCES {there}"


def _always(written: str) -> Callable[[BaseDatabaseWrapper], str]:
    def db_type(connection: BaseDatabaseWrapper) -> str:
        return written

    return db_type


@contextmanager
def _set(target: object, **attributes: Any) -> Iterator[None]:
    """Set attributes of one object and take them back: the models outlive this migration."""
    before = {name: vars(target)[name] for name in attributes if name in vars(target)}
    vars(target).update(attributes)
    try:
        yield
    finally:
        for name in attributes:
            del vars(target)[name]
        vars(target).update(before)
