"""What the pieces compute: words of time, geometry of charts, marked differences."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from popflix.console.pieces import changes, moments, shapes
from popflix.console.pieces.changes import Part

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)

# --- moments --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"), (4, "just now"), (5, "5 s ago"), (59, "59 s ago"), (60, "1 min ago"),
        (3599, "59 min ago"), (3600, "1 h ago"), (47 * 3600, "47 h ago"),
        (48 * 3600, "2 days ago"), (29 * 86400, "29 days ago"), (30 * 86400, "2026-01-30"),
        (-2, "now"), (-40, "in 40 s"), (-18 * 60, "in 18 min"), (-40 * 86400, "2026-04-10"),
    ],
)  # fmt: skip
def test_a_distance_is_told_in_words_and_a_great_one_as_a_date(seconds: int, words: str) -> None:
    at = NOW - dt.timedelta(seconds=seconds)
    assert moments.relative(at, NOW, dt.UTC) == words


def test_the_date_is_that_of_the_zone() -> None:
    at = dt.datetime(2025, 12, 31, 23, 30, tzinfo=dt.UTC)
    assert moments.relative(at, NOW, ZoneInfo("Asia/Kolkata")) == "2026-01-01"
    assert moments.exact(at, ZoneInfo("Asia/Kolkata")) == "2026-01-01 05:00:00 IST"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0.0 s"), (0.42, "0.4 s"), (12, "12 s"), (59.6, "1 min"), (200, "3 min 20 s"),
        (7200, "2 h"), (7500, "2 h 5 min"), (100_000, "27 h 46 min"), (352_800, "4 days 2 h"),
    ],
)  # fmt: skip
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert moments.lasted(seconds) == words


# --- progress -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "total", "percent"),
    [(0, 10, 0.0), (1, 3, 33.3), (51, 50, 100.0), (-1, 5, 0.0), (0, 0, 100.0), (7, None, None)],
)
def test_a_share_stays_between_nothing_and_all(
    done: int, total: int | None, percent: float | None
) -> None:
    assert shapes.share(done, total) == percent


def test_progress_is_told_with_its_figures() -> None:
    assert shapes.progress_words(31870, 48210, "titles") == "31,870 of 48,210 titles"
    assert shapes.progress_words(2, None, "") == "2, total unknown"
    assert shapes.progress_words(3, 0, "") == "3 of 0"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (4400.4, "4,400"), (93.44, "93.4"), (0.25, "0.25"), (0.5, "0.5"), (-3, "-3")],
)
def test_a_figure_has_as_many_decimals_as_say_something(value: float, text: str) -> None:
    assert shapes.figure(value) == text


# --- line -----------------------------------------------------------------------------------


def test_a_line_runs_from_edge_to_edge_over_its_own_range() -> None:
    drawn = shapes.line([10, 20, 15])
    assert drawn is not None
    assert drawn.line == "M4 56L140 4L276 30"
    assert drawn.last == "M276 30h0"
    assert drawn.area.endswith("L276 60L4 60Z")
    assert drawn.limit is None


def test_a_limit_belongs_to_the_range() -> None:
    drawn = shapes.line([10, 20], limit=30)
    assert drawn is not None
    assert (drawn.line, drawn.limit) == ("M4 56L276 30", 4)


def test_one_value_is_a_level_and_a_flat_line_lies_in_the_middle() -> None:
    one, flat = shapes.line([7]), shapes.line([7, 7])
    assert one == flat
    assert one is not None
    assert one.line == "M4 30L276 30"


def test_nought_all_the_time_lies_on_the_ground() -> None:
    nought = shapes.line([0, 0])
    assert nought is not None
    assert nought.line == "M4 56L276 56"


def test_no_value_is_no_line() -> None:
    assert shapes.line([]) is None


# --- bars -----------------------------------------------------------------------------------


def test_the_highest_column_fills_the_box_and_failures_stand_at_its_foot() -> None:
    first, second = shapes.bars([("a", 30, 10), ("b", 20, 0)])
    assert (first.bad_y, first.bad_height) == (45, 15)
    assert (first.good_y, first.good_height) == (0, 45)
    assert (second.good_y, second.good_height, second.bad_height) == (30, 30, 0)
    assert first.x + first.width < second.x
    assert first.words == "a: 30, 10 failed"
    assert second.words == "b: 20"


def test_the_smallest_failure_can_be_seen_and_nothing_leaves_the_box() -> None:
    (bar,) = shapes.bars([("a", 100_000, 1)])
    assert bar.bad_height == 1.5
    assert bar.good_y >= 0
    assert bar.good_height + bar.bad_height <= shapes.HEIGHT


def test_days_on_which_nothing_happened_have_no_height() -> None:
    assert [bar.good_height for bar in shapes.bars([("a", 0, 0), ("b", 0, 0)])] == [0, 0]
    assert shapes.bars([]) == []


def test_a_chart_is_told_by_its_ends_and_its_extremes() -> None:
    points = [("1 Mar", 88.0), ("2 Mar", 70.0), ("3 Mar", 93.4)]
    assert shapes.told(points, "%") == "1 Mar: 88, 3 Mar: 93.4, lowest 70, highest 93.4 %."
    assert shapes.told(points[:1], "") == "lowest 88, highest 88."
    assert shapes.told([], "%") == "There is no figure yet."


# --- changes --------------------------------------------------------------------------------


def test_a_difference_marks_words_and_loses_none() -> None:
    before, after = "U/A 13+ in Hindi", "U/A 16+ in Hindi"
    old, new = changes.marked(before, after)
    assert [part.text for part in old if part.is_changed] == ["13"]
    assert [part.text for part in new if part.is_changed] == ["16"]
    assert "".join(part.text for part in old) == before
    assert "".join(part.text for part in new) == after


def test_equal_texts_have_no_mark_and_nothing_has_no_part() -> None:
    assert changes.marked("a", "a") == ([Part("a", False)], [Part("a", False)])
    assert changes.marked("", "a") == ([], [Part("a", True)])


def test_a_very_long_text_is_marked_as_a_whole() -> None:
    long = "word " * 3_000
    old, new = changes.marked(long, f"{long}x")
    assert [part.is_changed for part in (*old, *new)] == [True, True]
    assert not changes.marked(long, long)[0][0].is_changed
