"""What a row of measurements says over time, and which of them are kept. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby

ALL_KEPT = dt.timedelta(days=2)  # of what is older, the last of each day is enough
SHOWN_DAYS = 14
_MOST_POINTS = 60

Measured = tuple[dt.datetime, float]  # when, and percent
Point = tuple[str, float]


def percent(part: int, whole: int) -> float:
    """`99.9` is not rounded up to all: 100 means that none is missing."""
    return int(1000 * part / whole) / 10 if whole else 0.0


def thinned_out(instants: Iterable[dt.datetime], now: dt.datetime) -> list[dt.datetime]:
    """Those that need not be kept: older than ALL_KEPT and not the last of their day in UTC."""
    old = sorted(each for each in instants if each < now - ALL_KEPT)
    return [
        instant
        for _, of_day in groupby(old, key=lambda each: each.astimezone(dt.UTC).date())
        for instant in list(of_day)[:-1]
    ]


def points(measured: Sequence[Measured], now: dt.datetime, zone: dt.tzinfo) -> list[Point]:
    """The line over the last SHOWN_DAYS, one point a day, oldest first.

    A day without a measurement stands where the day before it stood. Where all began less than
    ALL_KEPT ago, the line has the measurements themselves, at most so many.
    """
    if not measured:
        return []
    if measured[0][0] > now - ALL_KEPT:
        return [(_clock(at, now, zone), value) for at, value in _spread(measured)]
    by_day = {at.astimezone(zone).date(): value for at, value in measured}
    today = now.astimezone(zone).date()
    day = max(min(by_day), today - dt.timedelta(days=SHOWN_DAYS - 1))
    value = next(value for at, value in measured)
    for known in sorted(by_day):
        if known < day:
            value = by_day[known]
    drawn = []
    while day <= today:
        value = by_day.get(day, value)
        drawn.append((f"{day.day} {day:%b}", value))
        day += dt.timedelta(days=1)
    return drawn


def _spread(measured: Sequence[Measured]) -> Sequence[Measured]:
    """At most _MOST_POINTS of them, at even steps, with the first and the last."""
    last = len(measured) - 1
    if last < _MOST_POINTS:
        return measured
    return [measured[n * last // (_MOST_POINTS - 1)] for n in range(_MOST_POINTS)]


def _clock(at: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> str:
    local = at.astimezone(zone)
    is_today = local.date() == now.astimezone(zone).date()
    return f"{local:%H:%M}" if is_today else f"{local.day} {local:%b %H:%M}"
