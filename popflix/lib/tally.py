"""Rows counted by the database, however many there are, and how such counts are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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


def counts(several: Sequence[QuerySet[Any, Any]]) -> list[int]:
    """How many rows each of them has, in one statement; they may be cut, and are of one database.

    Each count is a subquery without ties to others, so that an index serves it by itself.
    """
    if not several:
        return []
    parts, given = [], []
    for rows in several:
        try:
            inner, bound = rows.query.get_compiler(rows.db).as_sql()
        except EmptyResultSet:
            parts.append("0")
        else:
            parts.append(f"(SELECT COUNT(*) FROM ({inner}) AS counted)")
            given += bound
    with connections[several[0].db].cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", given)
        return list(cursor.fetchone() or ())


def told(count: int, most: int) -> str:
    """`27`, `over 10,000`: of more than `most` nobody counted how many they are."""
    return f"over {most:,}" if count > most else f"{count:,}"
