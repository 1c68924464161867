"""Many rows in one statement: INSERT … ON CONFLICT in each database's words.

An INSERT takes many rows in one statement, an UPDATE does not; so rows that exist and are locked
are changed this way too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, router
from django.db.models import Model
from django.db.models.constants import OnConflict

from popflix.lib.mysql_values import value_texts

Rows = Sequence[Sequence[Any]]


def upsert(
    model: type[Model],
    columns: Sequence[str],
    rows: Rows,
    *,
    key: Sequence[str],
    updated: Sequence[str],
) -> None:
    """Insert rows, and of those whose key is there overwrite the columns `updated`.

    Values are the driver's: see `connection.ops.adapt_…`. `columns` has all that have no default
    in the database.
    """
    _insert(model, columns, rows, OnConflict.UPDATE, key, updated)


def insert_missing(
    model: type[Model], columns: Sequence[str], rows: Rows, *, key: Sequence[str]
) -> None:
    """Insert the rows whose key is not there and leave the others as they are."""
    _insert(model, columns, rows, OnConflict.IGNORE, key, ())


def _insert(
    model: type[Model],
    columns: Sequence[str],
    rows: Rows,
    on_conflict: OnConflict,
    key: Sequence[str],
    updated: Sequence[str],
) -> None:
    if not rows:
        return
    connection = connections[router.db_for_write(model)]
    ops, quote = connection.ops, connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    suffix = ops.on_conflict_suffix_sql(list(columns), on_conflict, list(updated), list(key))
    head = (
        f"{ops.insert_statement(on_conflict=on_conflict)} {quote(model._meta.db_table)} "
        f"({names}) VALUES"
    )
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            for values in value_texts(connection.connection, rows):
                statement = b"%b %b %b" % (head.encode(), values, suffix.encode())
                cursor.execute(statement)  # type: ignore[arg-type]  # the driver takes bytes too
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"{head} ({marks}) {suffix}", list(rows))
