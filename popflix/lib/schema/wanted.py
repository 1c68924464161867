"""Tables as popflix wants them: what Django would create for a model, on this database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from popflix.lib.schema.describe import columns_of, find_table, row_of
from popflix.lib.schema.descriptions import Column, Wanted, WantedTable, charset_clause
from popflix.lib.schema.dialect import Definition
from popflix.lib.schema.types import parse_type


@dataclass(frozen=True)
class Expectations:
    """What the columns of an adopted table must bear, by column name.

    `holds`: characters of a text or value of an integer that must fit today, and what those are.
    `any_language`: texts that need all of Unicode.
    """

    holds: Mapping[str, tuple[int | None, str]] = field(default_factory=dict)
    any_language: Sequence[str] = ()


def wanted_table(
    connection: BaseDatabaseWrapper, model: type[models.Model], expectations: Expectations
) -> WantedTable:
    """Describe the table that Django would create for `model`."""
    options = model._meta
    columns = tuple(
        _wanted(connection, field, expectations)
        for field in options.local_fields
        if field.db_type(connection) is not None
    )
    groups = [
        *options.unique_together,
        *(
            each.fields
            for each in options.constraints
            if isinstance(each, models.UniqueConstraint)
        ),
        *(
            (field.name,)
            for field in options.local_fields
            if field.unique and not field.primary_key
        ),
    ]
    uniques = tuple(
        tuple(column_of(options.get_field(name)) for name in group) for group in groups
    )
    return WantedTable(connection.vendor, options.db_table, columns, uniques)


def column_of(field: Any) -> str:
    """The field's column; the stubs doubt that a concrete field has one."""
    return str(field.column)


def _wanted(
    connection: BaseDatabaseWrapper, field: models.Field[Any, Any], expectations: Expectations
) -> Wanted:
    written = str(field.db_type(connection))
    column = column_of(field)
    today, of = expectations.holds.get(column, (None, "values"))
    definition = Definition(
        written,
        field.null,
        _default_sql(connection, field),
        extra=field.db_type_suffix(connection) or "",
    )
    return Wanted(
        name=column,
        type=parse_type(connection.vendor, written),
        definition=definition,
        is_key=field.primary_key,
        like=referred_text(connection, field),
        today=today,
        of=of,
        any_language=column in expectations.any_language,
    )


def _default_sql(connection: BaseDatabaseWrapper, field: models.Field[Any, Any]) -> str:
    if not field.has_db_default():
        return ""
    editor = connection.SchemaEditorClass(connection, collect_sql=True)
    sql, params = editor.db_default_sql(field)
    return sql % tuple(map(editor.quote_value, params)) if params else sql


def referred_text(
    connection: BaseDatabaseWrapper, field: models.Field[Any, Any]
) -> tuple[str, str] | None:
    """Table and column of the text that a foreign key refers to; None for other fields."""
    if not isinstance(field, models.ForeignKey):
        return None
    target = field.target_field
    written = parse_type(connection.vendor, str(target.db_type(connection)))
    if written.family.value != "text":
        return None
    return target.model._meta.db_table, column_of(target)


def parents_of(
    connection: BaseDatabaseWrapper, wanted: WantedTable
) -> dict[str, tuple[Column, ...]]:
    """Columns of the tables that `wanted` refers to by text, where a column has a collation.

    A table that is absent is described as the migrations before this one will make it.
    """
    if connection.vendor != "mysql":
        return {}
    described = {}
    for column in wanted.columns:
        if column.like is not None:
            table, name = column.like
            there = find_table(connection, table)
            described[table] = (
                columns_of(connection, there[0])
                if there
                else (_planned(connection, column, name),)
            )
    return described


def _planned(connection: BaseDatabaseWrapper, like: Wanted, name: str) -> Column:
    default = new_table_charset(connection)
    return Column(name, like.type, like.definition, default.charset, default.collation)


@dataclass(frozen=True)
class Charset:
    """Character set and collation of new tables; `is_databases`: without being told."""

    charset: str
    collation: str
    is_databases: bool

    def clause(self) -> str:
        return charset_clause(self.charset, self.collation)


def new_table_charset(connection: BaseDatabaseWrapper) -> Charset:
    """Return the database's default if that is utf8mb4, else utf8mb4 as the server has it."""
    names = "SELECT @@character_set_database, @@collation_database"
    charset, collation = row_of(connection, names)
    if charset == "utf8mb4":
        return Charset(charset, collation, is_databases=True)
    sql = """SELECT default_collate_name FROM information_schema.character_sets
             WHERE character_set_name = 'utf8mb4'"""
    return Charset("utf8mb4", str(row_of(connection, sql)[0]), is_databases=False)
