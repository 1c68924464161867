"""What measurements say over time, and which of them are kept."""

from __future__ import annotations

import datetime as dt

import pytest

from sync.links.trend import percent, points, thinned_out

NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)


def ago(days: float = 0, hours: float = 0) -> dt.datetime:
    return NOW - dt.timedelta(days=days, hours=hours)


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [(0, 0, 0.0), (0, 7, 0.0), (1, 3, 33.3), (9_999, 10_000, 99.9), (7, 7, 100.0)],
)
def test_all_is_said_only_where_none_is_missing(part: int, whole: int, told: float) -> None:
    assert percent(part, whole) == told


def test_of_each_day_that_is_over_two_days_past_the_last_measurement_is_kept() -> None:
    young = [ago(hours=1), ago(days=1), ago(days=2)]
    old = [ago(days=3, hours=2), ago(days=3, hours=1), ago(days=3)]
    alone = [ago(days=9)]
    assert thinned_out([*young, *old, *alone], NOW) == old[:2]
    assert thinned_out([], NOW) == []


def test_where_all_began_a_moment_ago_the_line_has_the_measurements_themselves() -> None:
    measured = [(ago(hours=25), 10.0), (ago(hours=2), 50.0), (ago(), 90.0)]
    assert points(measured, NOW, dt.UTC) == [
        ("19 Mar 11:00", 10.0), ("10:00", 50.0), ("12:00", 90.0),
    ]  # fmt: skip


def test_many_measurements_of_a_short_time_are_shown_by_some_of_them() -> None:
    measured = [(NOW - dt.timedelta(minutes=200 - n), float(n)) for n in range(201)]
    drawn = [value for _, value in points(measured, NOW, dt.UTC)]
    assert len(drawn) == 60
    assert (drawn[0], drawn[-1]) == (0.0, 200.0)
    assert drawn == sorted(set(drawn))


def test_over_days_the_line_has_one_point_a_day_and_goes_on_over_days_without_one() -> None:
    measured = [(ago(days=4, hours=1), 1.0), (ago(days=4), 10.0), (ago(days=1), 40.0)]
    assert points(measured, NOW, dt.UTC) == [
        ("16 Mar", 10.0), ("17 Mar", 10.0), ("18 Mar", 10.0), ("19 Mar", 40.0), ("20 Mar", 40.0),
    ]  # fmt: skip


def test_the_line_begins_a_fortnight_ago_with_what_was_known_then() -> None:
    drawn = points([(ago(days=20), 5.0), (ago(days=16), 7.0), (ago(days=2), 9.0)], NOW, dt.UTC)
    assert len(drawn) == 14
    assert drawn[0] == ("7 Mar", 7.0)
    assert drawn[-3:] == [("18 Mar", 9.0), ("19 Mar", 9.0), ("20 Mar", 9.0)]


def test_a_day_begins_where_the_site_is() -> None:
    zone = dt.timezone(dt.timedelta(hours=13))
    measured = [(ago(days=3), 1.0), (ago(), 2.0)]
    assert [day for day, _ in points(measured, NOW, zone)][-1] == "21 Mar"


def test_nothing_measured_is_no_line() -> None:
    assert points([], NOW, dt.UTC) == []
