"""How many shows a load has of each cinema on each day, and when the first and the last begin.

Counted in passing while the feed is read, which costs next to nothing. Where a row does not get
into staging after all (a duplicate, one that is refused), the database counts what is left.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from operator import itemgetter

from django.db import connection
from django.db.models import Max, Min

from popflix.lib.batches import chunk
from reconcile.feed.joining import LOAD_TABLE, Joining, execute, rows_of
from reconcile.feed.mapping import COLUMNS, Row
from reconcile.feed.models import LINES_A_LOAD, Load, LoadRow, LoadSlice
from reconcile.feed.words import is_active

_slice_of = itemgetter(*map(COLUMNS.index, ("cinemaId", "day", "isActive")))
_CINEMAS_A_STATEMENT = 100
_begin_of = itemgetter(COLUMNS.index("showTime"))


class SliceCounts:
    """Of the rows that were read so far: by cinema and day, since a million shows have tens of
    thousands of slices."""

    def __init__(self) -> None:
        self._slices: dict[int, dict[str, tuple[int, int]]] = {}
        self._days: dict[str, str] = {}  # each text once
        self._first, self._last = "", ""

    def add(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        for (cinema, day, word), count in Counter(map(_slice_of, rows)).items():
            of = self._slices.setdefault(cinema, {})
            known, active = of.get(day, (0, 0))
            active += count if is_active(word) else 0
            of[self._days.setdefault(day, day)] = (known + count, active)
        first, last = min(map(_begin_of, rows)), max(map(_begin_of, rows))
        self._first = min(self._first or str(first), str(first))
        self._last = max(self._last, str(last))

    def store(self, load: Load) -> None:
        """In the caller's transaction, which saves the load, too."""
        if not self._slices:
            return
        load.first_show_at, load.last_show_at = _instant(self._first), _instant(self._last)
        with connection.cursor() as cursor:
            for some in chunk(list(self._slices), _CINEMAS_A_STATEMENT):
                cursor.executemany(
                    f"INSERT INTO {_columns()} VALUES (%s, %s, %s, %s, %s)",
                    [
                        (load.pk, cinema, day, *counts)
                        for cinema in some
                        for day, counts in self._slices[cinema].items()
                    ],
                )


def are_kept(load: Load) -> bool:
    """Whether the slices of a load that is not in staging yet are those of its rows."""
    return load.first_show_at is not None


def forget(load: Load) -> None:
    """Some of its rows are no more: they are counted anew at the end."""
    load.first_show_at = load.last_show_at = None
    load.save(update_fields=["first_show_at", "last_show_at"])


def count_anew(load: Load, sql: Joining) -> None:
    """By the database, in the caller's transaction, which saves the load, too."""
    load.slices.all().delete()
    execute(
        f"INSERT INTO {_columns()} SELECT {int(load.pk)}, l.{sql.quote('cinemaId')}, l.day, "
        f"COUNT(*), SUM(CASE WHEN {sql.is_inactive()} THEN 0 ELSE 1 END) FROM {LOAD_TABLE} l "
        f"WHERE {rows_of(load)} GROUP BY l.{sql.quote('cinemaId')}, l.day"
    )
    first = load.pk * LINES_A_LOAD
    rows = LoadRow.objects.filter(pk__gte=first, pk__lt=first + LINES_A_LOAD)
    bounds = rows.aggregate(first=Min("show_time"), last=Max("show_time"))
    load.first_show_at, load.last_show_at = bounds["first"], bounds["last"]


def _columns() -> str:
    q = connection.ops.quote_name
    return f"{q(LoadSlice._meta.db_table)} (load_id, cinema_id, day, {q('rows')}, active_rows)"


def _instant(stored: str) -> dt.datetime:
    return dt.datetime.fromisoformat(stored).replace(tzinfo=dt.UTC)
