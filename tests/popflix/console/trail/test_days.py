"""Which days a word or a date of the trail's filter means."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from popflix.console.trail.days import instants, meant

TODAY = dt.date(2026, 3, 30)


def day(number: int, month: int = 3) -> dt.date:
    return dt.date(2026, month, number)


@pytest.mark.parametrize(
    ("chosen", "days"),
    [
        ("today", (TODAY, TODAY)),
        ("yesterday", (day(29), day(29))),
        ("7-days", (day(24), TODAY)),
        ("30-days", (day(1), TODAY)),
        ("2026-02-28", (day(28, 2), day(28, 2))),
        ("2026-02-30", None),
        ("0001-01-01", None),
        ("9999-12-31", None),
        ("", None),
        ("tomorrow", None),
    ],
)
def test_days_that_are_meant(chosen: str, days: tuple[dt.date, dt.date] | None) -> None:
    assert meant(chosen, TODAY) == days


def test_a_day_is_as_long_as_it_is_in_its_zone() -> None:
    since, until = instants((day(29), day(29)), ZoneInfo("Europe/Berlin"))  # clocks go forward
    assert until.astimezone(dt.UTC) - since.astimezone(dt.UTC) == dt.timedelta(hours=23)
    assert since.astimezone(dt.UTC) == dt.datetime(2026, 3, 28, 23, tzinfo=dt.UTC)
