"""When rows are checked, first and again."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from popflix.engine.models import Lane
from sync.availability import due

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 10**9), st.floats(0.1, 1000))
def test_an_answer_is_checked_again_within_five_percent_of_its_hours(
    row_id: int, hours: float
) -> None:
    later = (due.next_check(row_id, NOON, hours) - NOON) / HOUR
    assert 0.95 * hours - 0.001 <= later <= 1.05 * hours + 0.001


def test_neighbours_are_not_checked_in_the_same_minute() -> None:
    instants = {due.next_check(number, NOON, 24) for number in range(100)}
    assert len(instants) == 100


def test_a_more_popular_movie_is_due_earlier_and_all_are_due_at_once() -> None:
    instants = [due.first_check(points, NOON) for points in (None, 0.0, 0.4, 12.0, 900.0)]
    assert instants[0] == instants[1] == NOON
    assert instants == sorted(instants, reverse=True)
    assert due.first_check(10**9, NOON) > NOON - dt.timedelta(days=36)


@pytest.mark.parametrize(
    ("attempts", "least", "most"),
    [(1, 150, 300), (2, 600, 1200), (3, 2400, 4800), (9, 10800, 21600)],
)
def test_what_stays_unknown_waits_longer_each_time(attempts: int, least: int, most: int) -> None:
    for random01, seconds in ((0.0, least), (1.0, most)):
        assert due.retry_at(attempts, NOON, random01) == NOON + dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("lane", "is_known", "is_doubted", "then"),
    [
        (Lane.OPERATOR, True, False, Lane.BACKFILL),
        (Lane.OPERATOR, False, False, Lane.BACKFILL),
        (Lane.ON_SALE, True, False, Lane.BACKFILL),
        (Lane.ON_SALE, True, True, Lane.ON_SALE),
        (Lane.ON_SALE, False, False, Lane.ON_SALE),
        (Lane.BACKFILL, True, False, Lane.BACKFILL),
    ],
)
def test_a_hurry_lasts_until_an_answer_stands(
    lane: int, is_known: bool, is_doubted: bool, then: int
) -> None:
    assert due.settled_lane(lane, is_known=is_known, is_doubted=is_doubted) == then
