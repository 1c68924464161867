"""What one judgement looks at: a load, the cinemas of its source, the days that it covers."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db import connection

from reconcile.changes.types import Slice
from reconcile.feed.models import Cinema, Load, LoadSlice, LoadState

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """Cinemas of one zone, and the instants between which the load knows all their shows."""

    cinemas: tuple[int, ...]
    since: dt.datetime
    until: dt.datetime  # not included


@dataclass(frozen=True)
class Scope:
    """`zones` are all cinemas that are judged; `is_whole`: all of the source's."""

    load: Load
    zones: Mapping[int, ZoneInfo]
    now: dt.datetime
    is_whole: bool = True

    @property
    def source(self) -> str:
        return str(self.load.source)

    def slice_of(self, cinema_id: int, moment: dt.datetime) -> Slice:
        return Slice(cinema_id, self.day_of(cinema_id, moment).weekday())

    def day_of(self, cinema_id: int, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self.zones[cinema_id]).date()

    @cached_property
    def windows(self) -> list[Window]:
        """Of the shows to come: one before `now` is never missing, whatever a feed leaves out."""
        found = (replace(each, since=max(each.since, self.now)) for each in self._covered)
        return [each for each in found if each.since < each.until]

    @cached_property
    def passed(self) -> list[Window]:
        """Of the covered shows that have begun."""
        found = (replace(each, until=min(each.until, self.now)) for each in self._covered)
        return [each for each in found if each.since < each.until]

    @cached_property
    def _covered(self) -> list[Window]:
        by_zone: dict[ZoneInfo, list[int]] = defaultdict(list)
        for cinema_id, zone in self.zones.items():
            by_zone[zone].append(cinema_id)
        found = []
        for zone, cinemas in by_zone.items():
            days = self._days(zone)
            if days is not None:
                since, until = day_bounds(days[0], zone)[0], day_bounds(days[1], zone)[1]
                found.append(Window(tuple(sorted(cinemas)), since, until))
        return found

    def _days(self, zone: ZoneInfo) -> tuple[dt.date, dt.date] | None:
        """The first and the last day that the load covers; None where it is empty."""
        first, last = self.load.first_show_at, self.load.last_show_at
        if first is None or last is None:
            return None
        return first.astimezone(zone).date(), last.astimezone(zone).date()

    def weekdays_of(self, cinemas: Collection[int]) -> dict[int, Counter[int]]:
        """How many days of each weekday the load covers, by cinema."""
        of_zone = {zone: self._weekdays(zone) for zone in {self.zones[pk] for pk in cinemas}}
        return {pk: of_zone[self.zones[pk]] for pk in cinemas}

    def _weekdays(self, zone: ZoneInfo) -> Counter[int]:
        return weekdays(self._days(zone))

    def days_of(self, cinemas: Collection[int]) -> dict[int, dict[dt.date, int]]:
        """Staged rows of each of the cinemas, by day."""
        found: dict[int, dict[dt.date, int]] = {each: {} for each in cinemas}
        for cinema_id, day, rows in _slices(self.load, cinemas):
            found[cinema_id][day] = rows
        return found


def _slices(load: Load, cinemas: Collection[int]) -> list[tuple[int, dt.date, int]]:
    """Past the ORM, which takes ten times as long as the database for that many days."""
    quote, listed = connection.ops.quote_name, ", ".join(f"{pk:d}" for pk in cinemas) or "NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT cinema_id, day, {quote('rows')} FROM {quote(LoadSlice._meta.db_table)} "
            f"WHERE load_id = %s AND cinema_id IN ({listed})",
            [load.pk],
        )
        return [(pk, date_of(day), rows) for pk, day, rows in cursor.fetchall()]


def date_of(value: dt.date | str) -> dt.date:
    """What a cursor gives for a date: SQLite's is a text."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def day_bounds(day: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """A day of the zone in UTC, its end not included."""
    return _midnight(day, zone), _midnight(day + _DAY, zone)


def weekdays(days: tuple[dt.date, dt.date] | None) -> Counter[int]:
    """How often each weekday lies between two days, both included."""
    if days is None:
        return Counter()
    first, last = days
    weeks, rest = divmod((last - first).days + 1, 7)
    found = Counter(dict.fromkeys(range(7), weeks) if weeks else {})
    found.update((first.weekday() + n) % 7 for n in range(rest))
    return found


def newest_load(source: str) -> Load | None:
    loads = Load.objects.filter(source=source, state=LoadState.LOADED)
    return loads.order_by("-pk").first()


def loaded_sources() -> list[str]:
    found = Load.objects.filter(state=LoadState.LOADED).values_list("source", flat=True)
    return sorted(set(found.distinct()))


def scope_of(load: Load, now: dt.datetime, only: Collection[int] = ()) -> Scope:
    """The load with the cinemas of its source, or with those of `only` that are its."""
    cinemas = Cinema.objects.filter(source=load.source)
    if only:
        cinemas = cinemas.filter(pk__in=list(only))
    zones = {
        pk: ZoneInfo(zone or load.zone or "UTC") for pk, zone in cinemas.values_list("pk", "zone")
    }
    return Scope(load, zones, now, is_whole=not only)


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
