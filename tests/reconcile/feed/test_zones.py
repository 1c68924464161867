"""When a show starts: stated offsets, wall clocks, and the two nights of the year."""

from __future__ import annotations

import pytest

from reconcile.feed.zones import Start, Times, is_zone, start

BERLIN, KOLKATA = "Europe/Berlin", "Asia/Kolkata"


@pytest.mark.parametrize(
    ("written", "zone", "times", "at", "day"),
    [
        ("2026-01-28T11:00:00.000Z", "", Times.UTC, "2026-01-28 11:00:00", "2026-01-28"),
        ("2026-01-28T23:30:00Z", KOLKATA, Times.UTC, "2026-01-28 23:30:00", "2026-01-29"),
        ("2026-01-28T11:00:00+05:30", BERLIN, Times.UTC, "2026-01-28 05:30:00", "2026-01-28"),
        ("2026-01-28T11:00:00.000Z", KOLKATA, Times.LOCAL, "2026-01-28 05:30:00", "2026-01-28"),
        ("2026-01-28 11:00", KOLKATA, Times.UTC, "2026-01-28 05:30:00", "2026-01-28"),
        ("2026-07-01T00:30", BERLIN, Times.UTC, "2026-06-30 22:30:00", "2026-07-01"),
        ("2026-01-28T11:00:00.123999Z", "", Times.UTC, "2026-01-28 11:00:00.123000",
         "2026-01-28"),
    ],
    ids=["stated", "stated, day of the zone", "offset beats zone", "Z that is none", "no offset",
         "day before in UTC", "whole milliseconds"],
)  # fmt: skip
def test_a_time_is_read_as_the_feed_means_it(
    written: str, zone: str, times: Times, at: str, day: str
) -> None:
    assert start(written, zone, times) == Start(at, day)


@pytest.mark.parametrize(
    ("written", "zone", "words"),
    [
        ("2026-01-28T11:00:00", "", "nobody says in which time zone"),
        ("2026-03-29T02:30:00", BERLIN, "leave out that night"),
        ("2026-01-28", BERLIN, "no date and time"),
        ("tomorrow at eight o'clock", BERLIN, "no date and time"),
        ("9999-12-31T23:00:00", BERLIN, "in the year 9999"),
        ("0001-01-01T00:00:00", KOLKATA, "in the year 1"),
    ],
    ids=["no zone", "gap", "no time", "words", "far future", "far past"],
)
def test_a_time_that_cannot_be_is_refused_in_words(written: str, zone: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        start(written, zone, Times.UTC)


def test_local_times_without_a_zone_are_refused_though_they_state_an_offset() -> None:
    with pytest.raises(ValueError, match="nobody says in which time zone"):
        start("2026-01-28T11:00:00Z", "", Times.LOCAL)


def test_of_an_hour_that_comes_twice_the_first_is_taken_and_told() -> None:
    assert start("2026-10-25T02:30", BERLIN, Times.UTC) == Start(
        "2026-10-25 00:30:00", "2026-10-25", is_fold=True
    )


def test_the_hours_beside_a_fold_and_a_gap_are_like_any_other() -> None:
    assert not start("2026-10-25T03:00", BERLIN, Times.UTC).is_fold
    assert start("2026-03-29T03:00", BERLIN, Times.UTC).at == "2026-03-29 01:00:00"
    assert start("2026-03-29T01:59", BERLIN, Times.UTC).at == "2026-03-29 00:59:00"


@pytest.mark.parametrize("name", ["", "Europe/Nowhere", "../etc/passwd", "Europe"])
def test_what_is_no_time_zone(name: str) -> None:
    assert not is_zone(name)


def test_a_time_zone_is_one() -> None:
    assert is_zone(KOLKATA)
