"""Rows counted by their words, by the database, however many there are."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet


def tally(rows: QuerySet[Any, Any], *columns: str) -> Counter[tuple[str, ...]]:
    """How often each combination of the columns' values stands among the rows.

    The rows may be cut (`[:10_000]`): no more of them are read, and none of them is handed over.
    """
    connection = connections[rows.db]
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    try:
        inner, given = rows.values(*columns).query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:
        return Counter()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names}, COUNT(*) FROM ({inner}) AS counted GROUP BY {names}", given
        )
        return Counter({tuple(words): count for *words, count in cursor.fetchall()})
