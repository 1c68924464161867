"""How many staged rows a judgement looks at, and how many of them are to come.

A load's slices know, and replays and other zones keep them true. Where staging has as many rows as
the slices say, nobody changed it past popflix, and no row need be counted one by one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max

from reconcile.changes.finding.comparing import SYNC_TABLE, column
from reconcile.changes.finding.scope import Scope, date_of, day_bounds
from reconcile.feed.models import Cinema, Load, LoadSlice, LoadState

_MOST_NAMED = 1000


@dataclass(frozen=True)
class Counted:
    """`staged` rows are judged, `to_come` of them not begun."""

    staged: int
    to_come: int


class Staging:
    """The staged rows `s` of one scope, among all."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        sync = connection.ops.quote_name(SYNC_TABLE)
        [(self._all,)] = _select(f"SELECT COUNT(*) FROM {sync}")
        self._is_nearly_all = scope.is_whole and 2 * scope.load.staged_count > self._all

    def condition(self) -> tuple[str, list[Any]]:
        """For the rows that are judged, with its parameters.

        Where those are most of the table MariaDB is kept from going cinema by cinema through the
        index: from end to end takes a quarter less.
        """
        scope, name = self._scope, f"s.{column('cinema_id')}"
        if self._is_nearly_all and connection.vendor == "mysql":
            name = f"({name} + 0)"
        if not scope.is_whole or len(scope.zones) <= _MOST_NAMED:
            return f"{name} IN ({', '.join(map(str, scope.zones)) or 'NULL'})", []
        cinema = connection.ops.quote_name(Cinema._meta.db_table)
        return f"{name} IN (SELECT c.id FROM {cinema} c WHERE c.source = %s)", [scope.source]

    def count(self) -> Counted:
        if self._scope.is_whole and self._all == _by_all_slices():
            return self._by_slices()
        where, given = self.condition()
        sync, moment = connection.ops.quote_name(SYNC_TABLE), f"s.{column('show_time')}"
        [(staged, to_come)] = _select(
            f"SELECT COUNT(*), SUM(CASE WHEN {moment} >= %s THEN 1 ELSE 0 END) "
            f"FROM {sync} s WHERE {where}",
            [_stored(self._scope.now), *given],
        )
        return Counted(int(staged), int(to_come or 0))

    def _by_slices(self) -> Counted:
        now, staged, to_come = self._scope.now, 0, 0
        for zone, day, rows in self._days():
            since, until = day_bounds(day, ZoneInfo(zone or self._scope.load.zone or "UTC"))
            staged += rows
            if since >= now:
                to_come += rows
            elif until > now:
                to_come += self._between(zone, now, until)
        return Counted(staged, to_come)

    def _days(self) -> list[tuple[str, dt.date, int]]:
        """Rows by zone, as cinemas name it, and day."""
        quote = connection.ops.quote_name
        found = _select(
            f"SELECT c.zone, l.day, SUM(l.{quote('rows')}) "
            f"FROM {quote(LoadSlice._meta.db_table)} l "
            f"JOIN {quote(Cinema._meta.db_table)} c ON c.id = l.cinema_id "
            "WHERE l.load_id = %s GROUP BY c.zone, l.day",
            [self._scope.load.pk],
        )
        return [(str(zone), date_of(day), int(rows)) for zone, day, rows in found]

    def _between(self, zone: str, since: dt.datetime, until: dt.datetime) -> int:
        """Of the cinemas of a zone; one day of them at most, through the index."""
        quote, moment = connection.ops.quote_name, f"s.{column('show_time')}"
        [(count,)] = _select(
            f"SELECT COUNT(*) FROM {quote(SYNC_TABLE)} s "
            f"JOIN {quote(Cinema._meta.db_table)} c ON c.id = s.{column('cinema_id')} "
            f"WHERE c.source = %s AND c.zone = %s AND {moment} >= %s AND {moment} < %s",
            [self._scope.source, zone, _stored(since), _stored(until)],
        )
        return int(count)


def _by_all_slices() -> int:
    """What staging has by the newest loads of all sources."""
    loads = Load.objects.filter(state=LoadState.LOADED)
    newest = list(
        loads.values_list("source").annotate(Max("pk")).values_list("pk__max", flat=True)
    )
    quote, marks = connection.ops.quote_name, ", ".join(["%s"] * len(newest))
    [(rows,)] = _select(
        f"SELECT SUM({quote('rows')}) FROM {quote(LoadSlice._meta.db_table)} "
        f"WHERE load_id IN ({marks or 'NULL'})",
        newest,
    )
    return int(rows or 0)


def _select(sql: str, given: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(given))
        return list(cursor.fetchall())


def _stored(moment: dt.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
