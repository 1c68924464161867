"""Rows of staging and of master as the policies see them, by their ids.

Past the ORM, which takes longer to build a statement of 900 ids than the database to answer it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection

from reconcile.changes.finding.todo import ids_in_chunks, instant_of
from reconcile.changes.types import COMPARED, KEY, Row
from reconcile.shows.models import MasterShow, Show

_COLUMNS = ("id", *KEY, *COMPARED)
_INSTANT = _COLUMNS.index("show_time")


def rows_of(model: type[Show], ids: Iterable[int], *, is_locked: bool = False) -> dict[int, Row]:
    """In the order of their ids; of master with `missing_since`. `is_locked`: held until the
    transaction ends."""
    quote, is_master = connection.ops.quote_name, model is MasterShow
    names = (*_COLUMNS, "missing_since") if is_master else _COLUMNS
    columns = ", ".join(quote(model._meta.get_field(each).column) for each in names)  # type: ignore[union-attr, arg-type]
    may_lock = is_locked and connection.features.has_select_for_update
    lock = f" {connection.ops.for_update_sql()}" if may_lock else ""
    found: dict[int, Row] = {}
    for some in ids_in_chunks(sorted(ids)):
        listed = ", ".join(f"{pk:d}" for pk in some)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns} FROM {quote(model._meta.db_table)} "
                f"WHERE id IN ({listed}) ORDER BY id{lock}"
            )
            for values in cursor.fetchall():
                found[values[0]] = _row(values, is_master=is_master)
    return found


def _row(values: tuple[Any, ...], *, is_master: bool) -> Row:
    made = list(values)
    made[_INSTANT] = instant_of(made[_INSTANT])
    if is_master and made[-1] is not None:
        made[-1] = instant_of(made[-1])
    return Row(*made)
