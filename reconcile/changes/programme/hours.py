"""When cinemas begin their shows, learnt from what master knows of the past."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from itertools import repeat
from zoneinfo import ZoneInfo

from django.db.models import CharField, Count
from django.db.models.functions import Cast, Substr

from reconcile.changes.policy.impossible import Hours, learnt_hours
from reconcile.shows.models import MasterShow

HISTORY = dt.timedelta(days=90)
_MONTH, _MINUTE = len("2026-01"), len("00:00")
_MINUTE_AT = len("2026-01-31 ") + 1
_MID_MONTH = 15  # clocks are put forward and back at a month's end or beginning, mostly


def hours_of(zones: Mapping[int, ZoneInfo], now: dt.datetime) -> dict[int, Hours | None]:
    """Of the cinemas in `zones`, from the shows of the last 90 days, in one query.

    The database counts by minute of the day, in UTC, and by month, in which the zone's clock is
    taken for one: a show within days of a change of clocks is an hour off, as is allowed.
    """
    starts: dict[int, list[dt.datetime]] = defaultdict(list)
    for cinema_id, month, minute, count in _counted(zones, now):
        year, month_number, clock = month[:4], month[-2:], minute.split(":")
        begun = dt.datetime(
            int(year), int(month_number), _MID_MONTH, int(clock[0]), int(clock[1]), tzinfo=dt.UTC
        )
        starts[cinema_id].extend(repeat(begun, count))
    return {pk: learnt_hours(starts.get(pk, ()), zone) for pk, zone in zones.items()}


def _counted(cinemas: Collection[int], now: dt.datetime) -> Collection[tuple[int, str, str, int]]:
    """As text and by its places: the functions for parts of an instant are slow on SQLite."""
    text = Cast("show_time", CharField())
    past = MasterShow.objects.filter(
        cinema_id__in=list(cinemas), show_time__gte=now - HISTORY, show_time__lt=now,
        missing_since=None,
    )  # fmt: skip
    counted = past.annotate(
        month=Substr(text, 1, _MONTH), minute=Substr(text, _MINUTE_AT, _MINUTE)
    )
    rows = counted.order_by().values_list("cinema_id", "month", "minute").annotate(Count("pk"))
    return list(rows)
