"""Starts read anew in another zone, and written as a feed could have them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.feed.mapping import COLUMNS, FeedRow, Mapper
from reconcile.feed.rezoning import as_written, reread
from reconcile.feed.zones import Times, start

KOLKATA, BERLIN = "Asia/Kolkata", "Europe/Berlin"
ZONES = st.sampled_from([KOLKATA, BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC", ""])


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_the_wall_clock_stays_and_the_instant_moves() -> None:
    found = reread(utc("2026-01-28 04:30"), KOLKATA, BERLIN, Times.LOCAL)
    assert (found.at, found.day) == (utc("2026-01-28 09:00"), dt.date(2026, 1, 28))


def test_a_stated_instant_stays_and_its_day_may_change() -> None:
    found = reread(utc("2026-01-28 20:30"), "", KOLKATA, Times.UTC)
    assert (found.at, found.day) == (utc("2026-01-28 20:30"), dt.date(2026, 1, 29))


def test_what_is_left_out_starts_nowhere_and_what_comes_twice_the_first_time() -> None:
    gap = reread(utc("2026-03-28 21:00"), KOLKATA, BERLIN, Times.LOCAL)
    assert (gap.at, gap.day) == (None, dt.date(2026, 3, 29))
    assert "leave out that night" in gap.fault
    fold = reread(utc("2026-10-24 21:00"), KOLKATA, BERLIN, Times.LOCAL)
    assert (fold.at, fold.is_fold) == (utc("2026-10-25 00:30"), True)


@settings(max_examples=60, deadline=None)
@given(
    wall=st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)),
    before=ZONES, after=ZONES,
)  # fmt: skip
def test_it_is_what_reading_the_same_feed_in_the_other_zone_gives(
    wall: dt.datetime, before: str, after: str
) -> None:
    wall = wall.replace(microsecond=0)
    try:
        read = start(wall.isoformat(), before or "UTC", Times.LOCAL)
    except ValueError:
        return  # it was never staged
    found = reread(utc(read.at), before, after, Times.LOCAL)
    try:
        wanted = start(wall.isoformat(), after or "UTC", Times.LOCAL)
    except ValueError:
        assert found.at is None
        return
    if before != after:
        assert (found.at, str(found.day)) == (utc(wanted.at), wanted.day)


@settings(max_examples=60, deadline=None)
@given(
    wall=st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)),
    zone=ZONES, times=st.sampled_from(Times),
)  # fmt: skip
def test_what_is_written_is_read_as_the_same(wall: dt.datetime, zone: str, times: Times) -> None:
    zone = zone or "UTC"
    try:
        read = start(wall.replace(microsecond=0).isoformat(), zone, Times.LOCAL)
    except ValueError:
        return
    assert start(as_written(utc(read.at), zone, times), zone, times).at == read.at


@pytest.mark.parametrize("times", list(Times))
def test_a_row_that_a_database_refused_is_mapped_to_the_same_again(times: Times) -> None:
    mapper = Mapper(times, lambda cinema: KOLKATA, {})
    row = mapper.map(
        FeedRow(
            movie_ID="HO1", cinema_id=1, screen_name="A", movie_showTime="2026-01-28T10:00:00Z",
            movie_title="T", movie_length=120,
        )
    )  # fmt: skip
    told = mapper.unmapped(row)
    assert list(told) == list(COLUMNS[2:])
    assert mapper.map(FeedRow(**told)) == row
