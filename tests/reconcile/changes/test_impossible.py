"""Programmes that cannot be, or hardly."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.changes.policy.impossible import (
    Hours,
    Impossible,
    Oddity,
    forward,
    learnt_hours,
    screen_identity,
    warnings,
)
from reconcile.changes.types import Row
from reconcile.feed.words import is_active
from tests.reconcile.changes.rows import at, of_the_real_feed, show

INDIA, BERLIN, APIA = (
    ZoneInfo(name) for name in ("Asia/Kolkata", "Europe/Berlin", "Pacific/Apia")
)
NIGHT = dt.datetime(2026, 3, 29, tzinfo=dt.UTC)  # at 01:00 UTC Berlin goes from 02:00 to 03:00


def told(*rows: Row, zone: dt.tzinfo = dt.UTC, hours: Hours | None = None) -> list[Impossible]:
    return warnings(rows, zone, is_active, hours=hours)


# --- overlaps -----------------------------------------------------------------------------------


def test_a_show_that_begins_before_the_one_before_ends_is_told() -> None:
    [found] = told(show("10:00", id=1), show("11:30", id=2, movie_id="F2", title="Tide"))
    assert found == Impossible(
        Oddity.OVERLAP, (1, 2), "Tide begins at 11:30 on AUDI 1, but Harbour Lights ends at 12:00"
    )


def test_a_show_that_leaves_no_time_to_change_audiences_is_told() -> None:
    [found] = told(show("10:00", id=1), show("12:10", id=2))
    assert found.words == (
        "Harbour Lights begins at 12:10 on AUDI 1, 10 min after Harbour Lights ends at 12:00: "
        "15 min lie between shows at least"
    )
    assert not told(show("10:00"), show("12:15"))


def test_a_long_show_is_held_against_all_that_begin_in_it() -> None:
    rows = [show("10:00", id=1, length=300), show("11:00", id=2, length=30), show("13:00", id=3)]
    assert [each.row_ids for each in told(*rows)] == [(1, 2), (1, 3)]


def test_times_are_told_in_the_zone_of_the_cinema() -> None:
    [found] = told(show("10:00"), show("11:00"), zone=INDIA)
    assert "begins at 16:30" in found.words
    assert "ends at 17:30" in found.words


@pytest.mark.parametrize(
    "other",
    [
        show("11:00", "AUDI 2"), show("11:00", is_active="N"), show("11:00", cinema_id=4),
        show("11:00", missing_since=at("09:00")),
    ],
    ids=["another screen", "inactive", "another cinema", "missing"],
)  # fmt: skip
def test_what_does_not_take_place_there_collides_with_nothing(other: Row) -> None:
    assert not told(show("10:00"), other)


def test_a_length_that_is_missing_is_taken_from_the_film_or_not_at_all() -> None:
    rows = [show("10:00", length=None), show("11:00", length=None)]
    assert not told(*rows)
    assert len(warnings(rows, dt.UTC, is_active, lengths={"F1": 90})) == 1
    assert told(rows[0], show("10:00", movie_id="F2"))


def test_two_spellings_of_a_screen_are_one_screen() -> None:
    [found] = told(show("10:00", "AUDI 1"), show("11:00", "Audi 01", movie_id="F2"))
    assert found.kind is Oddity.OVERLAP


def test_the_same_film_at_the_same_minute_on_two_spellings_is_told_once() -> None:
    [found] = told(show("10:00", "AUDI 1", id=1), show("10:00", "AUDI1", id=2))
    assert found == Impossible(
        Oddity.SPELLING,
        (1, 2),
        "Harbour Lights begins at 10:00 on AUDI 1 and on AUDI1, which look like one screen",
    )
    assert not told(show("10:00", "AUDI 1", id=1), show("10:00", "AUDI 1", id=1))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("AUDI 1", "Audi 01", True), ("AUDI 1", "AUDI1 ", True), ("AUDI 1", "AUID 1", True),
        ("MACRO XE", "MACROXE", True), ("AUDI 1", "AUDI 10", False),
        ("AUDI 2", "VIP AUDI 2", False), ("SCREEN 1", "SCREEN 1 ONYX", False),
        ("AUDI 1 2", "AUDI 12", False), ("", "1", False),
    ],
)  # fmt: skip
def test_spellings_of_a_screen_are_known(one: str, other: str, is_same: bool) -> None:
    assert (screen_identity(one) == screen_identity(other)) == is_same


ROWS = st.lists(
    st.builds(
        lambda minute, screen, film, length, word, number: show(
            f"{9 + minute // 60:02}:{minute % 60:02}", screen, movie_id=film, length=length,
            is_active=word, id=number,
        ),
        st.integers(0, 700), st.sampled_from(["AUDI 1", "Audi 01", "AUDI 2"]),
        st.sampled_from(["F1", "F2"]), st.none() | st.integers(-5, 200),
        st.sampled_from(["Y", "Y", "N", None]), st.integers(1, 10**6),
    ),
    max_size=8, unique_by=lambda row: row.id,
)  # fmt: skip


@given(ROWS)
def test_a_programme_is_told_of_if_and_only_if_two_shows_of_it_collide(rows: list[Row]) -> None:
    def end(row: Row) -> dt.datetime:
        return row.show_time + dt.timedelta(minutes=max(0, row.length or 0) + 15)

    colliding = {
        frozenset((one.id, other.id))
        for one in rows for other in rows
        if one.id != other.id and {one.is_active, other.is_active} <= {"Y", None}
        and one.screen_name.casefold()[-1] == other.screen_name.casefold()[-1]
        and one.show_time <= other.show_time < end(one)
        and one.key != other.key
    }  # fmt: skip
    found = told(*rows)
    assert bool(found) == bool(colliding)
    assert {frozenset(each.row_ids) for each in found} <= colliding


# --- starts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "is_told"), [(59, False), (60, True), (119, True), (120, False)]
)
def test_a_start_in_the_hour_that_clocks_leave_out_is_told(minutes: int, is_told: bool) -> None:
    row = show("10:00", id=1, show_time=NIGHT + dt.timedelta(minutes=minutes))
    assert bool(told(row, zone=BERLIN)) == is_told


def test_the_hour_that_was_meant_is_named() -> None:
    row = show("10:00", id=1, show_time=NIGHT + dt.timedelta(minutes=90))
    [found] = told(row, zone=BERLIN)
    assert found == Impossible(
        Oddity.CLOCKS,
        (1,),
        "Harbour Lights begins at 03:30 on AUDI 1, just after clocks were put forward by 60 min: "
        "is 02:30 meant?",
    )


@given(st.integers(0, 365 * 24 * 4), st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe"]))
def test_clocks_are_told_of_exactly_where_a_left_out_time_would_land(
    quarters: int, name: str
) -> None:
    zone = ZoneInfo(name)
    instant = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=15 * quarters)
    landing = False
    for gap in (dt.timedelta(minutes=30), dt.timedelta(hours=1)):
        wall = instant.astimezone(zone).replace(tzinfo=None) - gap
        comes_back = wall.replace(tzinfo=zone).astimezone(dt.UTC)
        landing |= comes_back == instant
    assert (forward(instant, zone) is not None) == landing


def test_a_whole_day_that_was_left_out_is_known() -> None:
    """Samoa had no 30 December 2011."""
    assert forward(dt.datetime(2011, 12, 30, 12, tzinfo=dt.UTC), APIA) == dt.timedelta(days=1)
    assert forward(dt.datetime(2011, 12, 30, 9, tzinfo=dt.UTC), APIA) is None


def test_a_start_outside_the_hours_of_the_cinema_is_told() -> None:
    hours = learnt_hours([at("09:00"), at("23:30"), *[at("15:00")] * 60], dt.UTC)
    assert hours == Hours(4 * 60, 18 * 60 + 30)
    [found] = told(show("04:30", id=1), show("08:00"), show("00:30"), hours=hours)
    assert found == Impossible(
        Oddity.HOURS,
        (1,),
        "Harbour Lights begins at 04:30 on AUDI 1; shows of this cinema begin between "
        "09:00 and 23:30",
    )


def test_hours_are_learnt_from_enough_shows_and_without_the_odd_one() -> None:
    assert learnt_hours([at("09:00")] * 49, dt.UTC) is None
    starts = [at("05:10"), *[at("10:00")] * 60, *[at("22:00")] * 60, at("04:59")]
    assert learnt_hours(starts, dt.UTC) == Hours(5 * 60, 17 * 60)
    assert str(learnt_hours(starts[1:-1], INDIA)) == "15:30 and 03:30"


@pytest.mark.recordings
def test_the_real_feed_tells_of_nothing_impossible(recordings: Path) -> None:
    feed = of_the_real_feed(recordings)
    hours = learnt_hours([row.show_time for row in feed], dt.UTC)
    cinemas: dict[int, list[Row]] = defaultdict(list)
    for row in feed:
        cinemas[row.cinema_id].append(row)
    assert len(cinemas) == 81
    assert not [each for rows in cinemas.values() for each in told(*rows, hours=hours)]
