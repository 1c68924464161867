"""A machine's pause ends by itself once what it waits for holds, and by nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connection

from popflix.engine import conditions, pauses
from popflix.engine.models import Event, Pause
from popflix.engine.models.pauses import Holder
from popflix.engine.watch import Watcher
from tests.popflix.engine.fakes import FakeClock
from tests.popflix.engine.watching import known

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("no_other_units"),
    pytest.mark.both_databases,
]


class Key:
    """A condition that holds when the test says so."""

    def __init__(self) -> None:
        self.is_good, self.breaks, self.asked = False, False, 0

    def holds(self, pause: Pause, now: dt.datetime) -> bool:
        self.asked += 1
        if self.breaks:
            raise ValueError("the network is down")
        return self.is_good and pause.memory == {"key": "old"}


@pytest.fixture
def key() -> Iterator[Key]:
    made = Key()
    conditions.release_condition("key", check_every_seconds=30)(made.holds)
    yield made
    conditions.forget("key")


def pause(clock: FakeClock, unit: str = "demo", condition: str = "key") -> None:
    pauses.pause(
        unit,
        by="demo",
        why="the key was refused",
        now=clock.now(),
        holder=Holder.MACHINE,
        condition=condition,
        memory={"key": "old"},
    )


def ask(clock: FakeClock) -> list[str]:
    return conditions.release_what_holds(clock.now())


def test_a_unit_is_resumed_once_its_condition_holds(clock: FakeClock, key: Key) -> None:
    pause(clock)
    assert ask(clock) == []
    key.is_good = True
    clock(30)
    assert ask(clock) == ["demo"]
    assert not Pause.objects.exists()
    event = Event.objects.filter(unit="demo").latest("id")
    assert (event.kind, event.payload["holder"]) == ("resume", "machine")
    assert event.payload["why"] == "the condition key holds"


def test_a_condition_is_asked_as_often_as_it_wished(clock: FakeClock, key: Key) -> None:
    pause(clock)
    for _ in range(12):
        ask(clock)
        clock(5)
    assert key.asked == 2


def test_a_person_who_waits_gets_the_answer_at_once(clock: FakeClock, key: Key) -> None:
    pause(clock)
    pause(clock, "other")
    ask(clock)
    key.is_good = True
    released = conditions.release_what_holds(clock.now(), unit="demo", ask_at_once=True)
    assert released == ["demo"]
    assert pauses.is_paused("other")


def test_a_watcher_that_is_started_anew_asks_at_once_and_then_as_it_wished(
    clock: FakeClock, key: Key
) -> None:
    pause(clock)
    Watcher(clock=clock).tick()
    restarted = Watcher(clock=clock, asks_at_once=True)
    restarted.tick()
    restarted.tick()
    assert key.asked == 2
    key.is_good = True
    (done,) = Watcher(clock=clock, asks_at_once=True).tick()
    assert (done.what, done.unit) == ("resume", "demo")


def test_only_the_machines_pause_ends(clock: FakeClock, key: Key) -> None:
    pause(clock)
    pauses.pause("demo", by="anna", why="holidays", now=clock.now())
    pauses.pause("calm", by="anna", why="holidays", now=clock.now())
    key.is_good = True
    ask(clock)
    assert set(Pause.objects.values_list("unit", "holder")) == {
        ("demo", "operator"),
        ("calm", "operator"),
    }


@pytest.mark.parametrize("name", ["nobody-knows", ""])
def test_an_unknown_condition_releases_nothing(
    clock: FakeClock, key: Key, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    pause(clock, condition=name)
    pause(clock, "other")
    key.is_good = True
    assert ask(clock) == ["other"]
    assert pauses.is_paused("demo")
    assert ("nobody knows the condition" in caplog.text) == bool(name)


def test_a_condition_that_breaks_releases_nothing_and_stops_nothing_else(
    clock: FakeClock, key: Key, caplog: pytest.LogCaptureFixture
) -> None:
    conditions.release_condition("always")(lambda pause, now: True)
    try:
        pause(clock)
        pause(clock, "other", "always")
        key.breaks = True
        assert ask(clock) == ["other"]
    finally:
        conditions.forget("always")
    assert pauses.is_paused("demo")
    assert "condition key broke" in caplog.text


def test_a_pause_that_began_anew_while_the_old_one_was_asked_about_stays(
    clock: FakeClock,
) -> None:
    def replaced(asked: Pause, now: dt.datetime) -> bool:
        pauses.resume("demo", by="anna", now=now)
        pause(clock)
        return True

    conditions.release_condition("key")(replaced)
    try:
        pause(clock)
        assert ask(clock) == []
    finally:
        conditions.forget("key")
    assert pauses.is_paused("demo")


def test_of_two_watchers_one_asks(
    clock: FakeClock, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause(clock)
    seen = list(Pause.objects.all())
    ask(clock)
    assert not conditions._is_ours_to_ask(seen[0], clock.now(), ask_at_once=False)


def test_a_condition_has_one_meaning(key: Key) -> None:
    with pytest.raises(ValueError, match="registered twice"):
        conditions.release_condition("key")(key.holds)


@pytest.mark.django_db(transaction=True)
def test_the_watcher_asks_outside_of_any_transaction(clock: FakeClock) -> None:
    def outside(asked: Pause, now: dt.datetime) -> bool:
        return not connection.in_atomic_block

    conditions.release_condition("key")(outside)
    try:
        pause(clock)
        with known():
            (done,) = Watcher(clock=clock).tick()
    finally:
        conditions.forget("key")
    assert str(done) == "resume of demo: its condition holds"
