"""How fast a run goes: rates from marks of what was done when."""

from __future__ import annotations

import datetime as dt

import pytest

from popflix.console.runs import pace
from popflix.console.runs.pace import Mark

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


def marks(*pairs: tuple[float, int]) -> list[Mark]:
    return [Mark(at(seconds), done) for seconds, done in pairs]


def test_a_rate_is_what_was_done_between_two_marks() -> None:
    found = pace.rates(marks((0, 0), (10, 100), (20, 150)))
    assert found == [(at(10), 10.0), (at(20), 5.0)]


def test_stretches_are_equal_however_unequal_the_marks() -> None:
    found = pace.rates(marks((0, 0), (5, 50), (10, 100), (40, 400)))
    assert [round(rate, 6) for _, rate in found] == [10.0, 10.0, 10.0]


def test_there_are_never_more_points_than_asked_for() -> None:
    found = pace.rates(marks(*[(n, n) for n in range(200)]), points=20)
    assert len(found) == 20
    assert found[-1][0] == at(199)


@pytest.mark.parametrize(
    "few", [[], [(0, 0)], [(0, 0), (0.2, 9)]], ids=["none", "one", "a moment"]
)
def test_too_few_marks_draw_nothing(few: list[tuple[float, int]]) -> None:
    assert pace.rates(marks(*few)) == []


def test_counts_that_were_set_back_are_no_negative_rate() -> None:
    assert pace.rates(marks((0, 100), (10, 0))) == [(at(10), 0.0)]


def test_two_marks_at_one_instant_do_no_harm() -> None:
    found = pace.rates(marks((0, 0), (10, 10), (10, 30), (20, 40)))
    assert sum(rate for _, rate in found) * (20 / 3) == pytest.approx(40)


def test_the_rate_now_is_taken_over_the_last_seconds() -> None:
    known = marks((0, 0), (100, 1000), (180, 1100), (195, 1200))
    assert pace.recent(known, 1300, at(200)) == pytest.approx(200 / 20)


def test_a_young_run_is_measured_since_its_start() -> None:
    assert pace.recent(marks((0, 0)), 30, at(3)) == 10
    assert pace.recent([], 30, at(3)) is None
    assert pace.recent(marks((0, 0)), 30, at(0.5)) is None


def test_runs_together_have_done_what_each_had_done_by_then() -> None:
    both = pace.together({1: marks((0, 0), (10, 5)), 2: marks((4, 0), (12, 7))})
    assert both == marks((0, 0), (4, 0), (10, 5), (12, 12))
