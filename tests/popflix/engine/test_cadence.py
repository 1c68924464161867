"""When a schedule fires: slots, what was missed, jitter, and the days when the clocks change."""

from __future__ import annotations

import datetime as dt
from itertools import islice

import pytest

from popflix.engine.schedules.cadence import (
    MOST_COUNTED,
    Cadence,
    due,
    fires_at,
    next_slot,
    slots_after,
    troubles,
)

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)  # a Sunday
QUARTERS = Cadence(every_seconds=900)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def slots(cadence: Cadence, after: str, count: int) -> list[str]:
    return [f"{slot:%m-%d %H:%M}" for slot in islice(slots_after(cadence, utc(after)), count)]


def berlin(cron: str) -> Cadence:
    return Cadence(cron, time_zone="Europe/Berlin")


def test_an_intervals_slots_are_the_same_for_every_host() -> None:
    assert slots(QUARTERS, "2026-03-01T12:07:33", 3) == [
        "03-01 12:15",
        "03-01 12:30",
        "03-01 12:45",
    ]
    assert slots(Cadence(every_seconds=86400), "2026-03-01T12:00", 1) == ["03-02 00:00"]


def test_a_slot_that_is_now_is_not_the_next_one() -> None:
    assert next_slot(QUARTERS, NOON) == NOON + dt.timedelta(minutes=15)
    assert next_slot(Cadence("0 12 * * *"), NOON) == NOON + dt.timedelta(days=1)


def test_cron_is_meant_in_its_time_zone() -> None:
    workdays = berlin("0 4 * * 1-5")
    assert slots(workdays, "2026-03-01T12:00", 2) == ["03-02 03:00", "03-03 03:00"]
    assert slots(workdays, "2026-06-06T12:00", 1) == ["06-08 02:00"]


def test_what_was_missed_is_counted_and_only_the_latest_slot_is_due() -> None:
    first = utc("2026-03-01T12:00")
    assert due(QUARTERS, first, utc("2026-03-01T12:00:04")) == due(QUARTERS, first, first)
    late = due(QUARTERS, first, utc("2026-03-01T13:05"))
    assert (late.slot, late.missed) == (utc("2026-03-01T13:00"), 4)
    nightly = due(berlin("0 4 * * *"), utc("2026-03-01T03:00"), utc("2026-03-08T12:00"))
    assert (nightly.slot, nightly.missed) == (utc("2026-03-08T03:00"), 7)


def test_counting_what_was_missed_has_an_end() -> None:
    assert due(Cadence("* * * * *"), NOON, NOON + dt.timedelta(days=99)).missed == MOST_COUNTED


def test_a_time_that_spring_skips_comes_right_after_the_gap() -> None:
    # 2026-03-29, 02:00 becomes 03:00 in Berlin, which is 01:00 UTC.
    half_past_two = berlin("30 2 * * *")
    assert slots(half_past_two, "2026-03-28T00:00", 3) == [
        "03-28 01:30",
        "03-29 01:00",
        "03-30 00:30",
    ]
    both_lost = berlin("0,30 2 * * *")
    assert slots(both_lost, "2026-03-28T12:00", 2) == ["03-29 01:00", "03-30 00:00"]


def test_a_time_that_autumn_doubles_comes_once() -> None:
    # 2026-10-25, 03:00 becomes 02:00 in Berlin, which is 01:00 UTC.
    half_past_two = berlin("30 2 * * *")
    assert slots(half_past_two, "2026-10-24T12:00", 2) == ["10-25 00:30", "10-26 01:30"]


def test_no_slot_lies_in_the_past_of_who_asks_within_the_second_pass() -> None:
    ten_to_three = berlin("50 2 * * *")
    assert slots(ten_to_three, "2026-10-25T01:45", 1) == ["10-26 01:50"]
    assert slots(ten_to_three, "2026-10-25T00:45", 2) == ["10-25 00:50", "10-26 01:50"]


def test_with_a_star_the_skipped_hour_has_no_slots_and_the_doubled_hour_has_both_passes() -> None:
    half_hours = berlin("*/30 * * * *")
    assert slots(half_hours, "2026-03-29T00:20", 3) == [
        "03-29 00:30",
        "03-29 01:00",
        "03-29 01:30",
    ]
    in_autumn = slots(half_hours, "2026-10-24T23:50", 5)
    assert in_autumn == ["10-25 00:00", "10-25 00:30", "10-25 01:00", "10-25 01:30", "10-25 02:00"]


def test_jitter_is_the_same_for_everybody_and_differs_from_slot_to_slot() -> None:
    drawn = [fires_at(NOON + dt.timedelta(hours=n), key=7, jitter_seconds=600) for n in range(50)]
    again = [fires_at(NOON + dt.timedelta(hours=n), key=7, jitter_seconds=600) for n in range(50)]
    assert drawn == again
    late = [(at - NOON).total_seconds() - 3600 * n for n, at in enumerate(drawn)]
    assert all(0 <= each < 600 for each in late)
    assert len(set(late)) > 30
    assert drawn[0] != fires_at(NOON, key=8, jitter_seconds=600)
    assert fires_at(NOON, key=7, jitter_seconds=0) == NOON


@pytest.mark.parametrize("good", [QUARTERS, Cadence("*/5 4-6 * JAN-MAR MON"), berlin("0 0 L * *")])
def test_a_good_cadence_has_no_troubles(good: Cadence) -> None:
    assert troubles(good, NOON) == {}


@pytest.mark.parametrize(
    ("bad", "field", "why"),
    [
        (Cadence(), "cron", "not neither"),
        (Cadence("0 4 * * *", 900), "cron", "not both"),
        (Cadence("61 4 * * *"), "cron", "Bad minute"),
        (Cadence("0 4 * *"), "cron", "it has 4 fields, not 5"),
        (Cadence("* * * * * *"), "cron", "it has 6 fields, not 5"),
        (Cadence("0 0 30 2 *"), "cron", "Bad day-of-month"),
        (Cadence("0 0 */3 2 1#5"), "cron", "never comes"),
        (Cadence(every_seconds=0), "every_seconds", "at least 1"),
        (Cadence(every_seconds="900"), "every_seconds", "at least 1"),  # type: ignore[arg-type]
        (Cadence("0 4 * * *", time_zone="Mars/Olympus"), "time_zone", "no time zone Mars/Olympus"),
        (Cadence("0 4 * * *", time_zone="../../etc/passwd"), "time_zone", "no time zone"),
        (Cadence("0 4 * * *", time_zone="Europe"), "time_zone", "no time zone"),
        (Cadence("0 4 * * *", time_zone=None), "time_zone", "no time zone"),  # type: ignore[arg-type]
    ],
)
def test_a_bad_cadence_says_at_which_field(bad: Cadence, field: str, why: str) -> None:
    found = troubles(bad, NOON)
    assert list(found) == [field]
    assert why in found[field]


def test_a_cadence_reads_as_it_was_written() -> None:
    assert str(QUARTERS) == "every 900 s"
    assert str(berlin("0 4 * * *")) == "0 4 * * * Europe/Berlin"
