"""Letters counted by group: a query or two along an index, and more for an example of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from popflix.engine.deadletters.letters import Group, group_id
from popflix.lib import leaps
from popflix.lib.batches import chunk

_AT_ONCE = 200  # groups in one condition: SQLite takes no thousand of them


@dataclass(frozen=True)
class Columns:
    """What a source calls them; `unit` is empty where all its letters are of one unit."""

    kind: str
    at: str
    error: str
    unit: str = ""


def grouped(
    letters: QuerySet[Any],
    columns: Columns,
    *,
    source: str,
    unit: str,
    rows: QuerySet[Any] | None = None,
) -> list[Group]:
    """The letters' groups; `unit` is theirs where no column tells it.

    `rows`: where an index finds a letter by its group and its instant, all rows of the table; no
    further condition keeps the database from using it.
    """
    by = [name for name in (columns.unit, columns.kind, "error_group") if name]
    found = list(
        letters.values(*by)
        # No keys: an index of the three columns need not hold them.
        .annotate(count=Count("*"), oldest=Min(columns.at), newest=Max(columns.at))
        .order_by()
    )
    errors = _errors(letters if rows is None else rows, columns, by, found)
    return [_group(source, unit, columns, by, row, errors) for row in found]


def counted_to(
    most: int,
    rows: QuerySet[Any],
    columns: Columns,
    kinds: Sequence[str],
    *,
    source: str,
    unit: str,
    group: str,
) -> list[Group]:
    """The groups of these kinds, of each of which at most so many letters are counted; where an
    id is given, its group alone.

    For letters of one unit among all `rows` of a table: by the index (kind, error_group, at) a
    group costs the same, however many letters it has.
    """
    by = [columns.kind, "error_group"]
    known = [
        pair
        for pair in leaps.pairs(rows, columns.kind, kinds, "error_group")
        if group in ("", group_id(source, unit, *pair))
    ]
    extents = leaps.extents(rows, (columns.kind, "error_group", columns.at), known, most)
    found = [
        {columns.kind: kind, "error_group": text, "count": count, "oldest": least, "newest": last}
        for (kind, text), (count, least, last) in zip(known, extents, strict=True)
        if count
    ]
    errors = _errors(rows, columns, by, found)
    return [_group(source, unit, columns, by, row, errors) for row in found]


def _group(
    source: str,
    unit: str,
    columns: Columns,
    by: list[str],
    row: Mapping[str, Any],
    errors: Mapping[tuple[str, ...], str],
) -> Group:
    return Group(
        source,
        row[columns.unit] if columns.unit else unit,
        row[columns.kind],
        row["error_group"],
        row["count"],
        row["oldest"],
        row["newest"],
        errors.get(_key(row[name] for name in by)) or row["error_group"],
    )


def _errors(
    rows: QuerySet[Any], columns: Columns, by: list[str], found: list[dict[str, Any]]
) -> dict[tuple[str, ...], str]:
    """The error of each group's newest letter, in full."""
    keys: list[Any] = []
    for some in chunk(found, _AT_ONCE):
        meant = [
            Q(**{name: row[name] for name in by}, **{columns.at: row["newest"]}) for row in some
        ]
        last = rows.filter(reduce(or_, meant)).values(*by).annotate(last=Max("pk")).order_by()
        keys.extend(row["last"] for row in last)
    newest = rows.filter(pk__in=keys).values_list(columns.error, *by)
    return {_key(group): error for error, *group in newest}


def _key(group: Iterable[str]) -> tuple[str, ...]:
    """Databases differ in whether case sets two texts apart; here it never does."""
    return tuple(word.casefold() for word in group)
