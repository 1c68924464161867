"""What stands in an index, read in leaps: one step per value, however many rows share it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from popflix.lib.batches import chunk

Pair = tuple[str, str]
_AT_ONCE = 100  # pairs in one statement


def pairs(rows: QuerySet[Any], first: str, values: Sequence[str], second: str) -> list[Pair]:
    """Each of the values of `first` with each value of `second` that stands beside it.

    `rows` are all of their table, an index of which begins with the two columns.
    """
    connection = connections[rows.db]
    if connection.vendor == "mysql":  # leaps by itself
        asked = rows.filter(**{f"{first}__in": values}).order_by().distinct()
        return list(asked.values_list(first, second))
    table, one, other = _names(rows, first, second)
    next_one = f"SELECT MIN({other}) FROM {table} WHERE {one} ="
    given = ", ".join(["(%s)"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE leap(a, b) AS (SELECT given.column1, ({next_one} given.column1) "
            f"FROM (VALUES {given}) AS given UNION ALL "
            f"SELECT a, ({next_one} leap.a AND {other} > leap.b) FROM leap WHERE b IS NOT NULL) "
            "SELECT a, b FROM leap WHERE b IS NOT NULL",
            list(values),
        )
        return [(a, b) for a, b in cursor.fetchall()]


def extents(
    rows: QuerySet[Any], columns: tuple[str, str, str], known: Sequence[Pair], most: int
) -> list[tuple[int, Any, Any]]:
    """Of each pair of the first two columns' values: how many rows have a value in the third,
    counted to `most`, and the least and the greatest one.

    An index begins with the three columns. One statement for a hundred pairs.
    """
    connection = connections[rows.db]
    table, one, other, third = _names(rows, *columns)
    of_pair = f"FROM {table} WHERE {one} = %s AND {other} = %s AND {third} IS NOT NULL"
    asked = (
        f"SELECT %s, (SELECT COUNT(*) FROM (SELECT 1 AS one {of_pair} LIMIT {most}) AS counted), "
        # Not MIN and MAX: in a subquery MariaDB reads all rows for them.
        f"(SELECT {third} {of_pair} ORDER BY {third} LIMIT 1), "
        f"(SELECT {third} {of_pair} ORDER BY {third} DESC LIMIT 1)"
    )
    column = rows.model._meta.get_field(columns[2]).get_col(rows.model._meta.db_table)
    convert = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]

    def read(value: Any) -> Any:
        for each in convert:
            value = each(value, column, connection)
        return value

    found: dict[int, tuple[int, Any, Any]] = {}
    for some in chunk(enumerate(known), _AT_ONCE):
        given = [word for place, pair in some for word in (place, *pair * 3)]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join([asked] * len(some)), given)
            for place, count, least, greatest in cursor.fetchall():
                found[place] = (count, read(least), read(greatest))
    return [found[place] for place in range(len(known))]


def _names(rows: QuerySet[Any], *fields: str) -> list[str]:
    quoted, meta = connections[rows.db].ops.quote_name, rows.model._meta
    return [quoted(meta.db_table), *(quoted(meta.get_field(name).column) for name in fields)]
