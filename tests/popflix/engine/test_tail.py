"""The tail of the Event table: in order, whole, and without what others have not committed."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable

import pytest
from django.db import connection, transaction

from popflix.engine.events import tell
from popflix.engine.models import Event
from popflix.engine.states import Kind
from popflix.engine.tail import BATCH_ROWS, LATE_SECONDS, Since, Tail
from tests.popflix.engine.fakes import NOON, FakeClock

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def told(unit: str = "count", at: dt.datetime = NOON) -> int:
    return tell(None, unit, Kind.NOTE, at, payload={}).pk


def ids(events: Iterable[Event]) -> list[int]:
    return [event.pk for event in events]


def test_without_a_beginning_the_newest_are_shown_in_order(clock: FakeClock) -> None:
    made = [told() for _ in range(5)]
    assert ids(Tail(Since(limit=3), clock=clock).past()) == made[2:]
    assert ids(Tail(Since(), clock=clock).past()) == made


def test_behind_a_number_the_first_are_shown(clock: FakeClock) -> None:
    made = [told() for _ in range(5)]
    assert ids(Tail(Since(after_id=made[1]), clock=clock).past()) == made[2:]
    assert ids(Tail(Since(after_id=made[1], limit=2), clock=clock).past()) == made[2:4]


def test_from_an_instant_on(clock: FakeClock) -> None:
    hour = dt.timedelta(hours=1)
    made = [told(at=NOON + hours * hour) for hours in (0, 2, 1, 3)]
    assert ids(Tail(Since(at=NOON + 2 * hour), clock=clock).past()) == [made[1], made[3]]
    assert ids(Tail(Since(at=NOON + 9 * hour), clock=clock).past()) == []


def test_one_unit_alone(clock: FakeClock) -> None:
    first, _ = told("count"), told("sort")
    tail = Tail(Since(unit="count"), clock=clock)
    assert ids(tail.past()) == [first]
    told("sort")
    last = told("count")
    assert ids(tail.new()) == [last]


def test_a_long_past_is_read_whole(clock: FakeClock) -> None:
    Event.objects.bulk_create(
        Event(unit="count", at=NOON, kind=Kind.NOTE) for _ in range(BATCH_ROWS + 2)
    )
    assert len(ids(Tail(Since(after_id=0), clock=clock).past())) == BATCH_ROWS + 2


def test_following_brings_each_event_once_and_says_when_there_is_more(clock: FakeClock) -> None:
    told()
    tail = Tail(Since(limit=0), clock=clock)
    assert ids(tail.past()) == []
    assert ids(tail.new()) == []
    Event.objects.bulk_create(
        Event(unit="count", at=NOON, kind=Kind.NOTE) for _ in range(BATCH_ROWS + 2)
    )
    assert len(tail.new()) == BATCH_ROWS
    assert tail.has_more
    assert len(tail.new()) == 2
    assert not tail.has_more
    assert tail.new() == []


def test_a_number_that_was_passed_over_is_shown_when_it_appears(clock: FakeClock) -> None:
    tail = Tail(Since(), clock=clock)
    first = told()
    assert ids(tail.past()) == [first]
    _pretend(first + 2)
    assert ids(tail.new()) == [first + 2]
    clock.sleep(LATE_SECONDS - 1)
    _pretend(first + 1)
    assert ids(tail.new()) == [first + 1]
    assert tail.new() == []


def test_a_number_below_the_first_one_shown_may_appear_late(clock: FakeClock) -> None:
    first = told()
    _pretend(first + 5)
    tail = Tail(Since(limit=1), clock=clock)
    assert ids(tail.past()) == [first + 5]
    _pretend(first + 2)
    assert ids(tail.new()) == [first + 2]


def test_a_number_that_stays_out_is_forgotten(clock: FakeClock) -> None:
    tail = Tail(Since(), clock=clock)
    first = told()
    list(tail.past())
    _pretend(first + 2)
    tail.new()
    clock.sleep(LATE_SECONDS + 1)
    _pretend(first + 1)
    assert tail.new() == []


def test_a_great_leap_of_the_numbers_costs_no_memory(clock: FakeClock) -> None:
    tail = Tail(Since(), clock=clock)
    first = told()
    list(tail.past())
    _pretend(first + 10_000_000)
    assert ids(tail.new()) == [first + 10_000_000]
    assert tail.new() == []


def _pretend(number: int) -> None:
    """A transaction that took its number earlier or later than others commits."""
    Event.objects.create(pk=number, unit="count", at=NOON, kind=Kind.NOTE)


@pytest.mark.django_db(transaction=True)
def test_what_an_open_transaction_tells_is_not_missed(clock: FakeClock) -> None:
    if connection.vendor == "sqlite":
        return  # one writer: its numbers become visible in order
    tail = Tail(Since(), clock=clock)
    assert ids(tail.past()) == []
    is_told, may_commit = threading.Event(), threading.Event()
    early: list[int] = []

    def slow() -> None:
        with transaction.atomic():
            early.append(told())
            is_told.set()
            may_commit.wait(20)
        connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    assert is_told.wait(20)
    late = told()
    assert ids(tail.new()) == [late]
    assert early[0] < late
    may_commit.set()
    writer.join(20)
    assert ids(tail.new()) == early
    assert tail.new() == []
