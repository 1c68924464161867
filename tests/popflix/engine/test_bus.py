"""Listeners of this process hear what is stored, once it is stored, in its order."""

from __future__ import annotations

import contextlib
import threading

import pytest
from django.db import transaction

from popflix.engine import bus as bus_module
from popflix.engine.bus import Bus, Heard, for_milestones
from popflix.engine.events import tell
from popflix.engine.models import Event
from popflix.engine.states import Kind
from popflix.engine.threads import in_thread
from tests.popflix.engine.fakes import NOON

pytestmark = pytest.mark.usefixtures("threads")


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    """A bus of the test's own, on which events are published."""
    made = Bus()
    monkeypatch.setattr("popflix.engine.events.bus", made)
    return made


def say(name: str) -> Event:
    return tell(None, "demo", Kind.MILESTONE, NOON, milestone_id=name, payload={"n": 1})


def names(heard: list[Heard]) -> list[str]:
    return [each.milestone_id for each in heard]


def test_an_event_is_heard_at_once_with_all_that_it_tells(bus: Bus) -> None:
    heard: list[Heard] = []
    bus.subscribe(heard.append)
    stored = say("counted")
    assert heard == [Heard(stored.pk, NOON, "milestone", "demo", None, "counted", {"n": 1})]


def test_an_event_is_heard_after_the_commit_and_never_without(bus: Bus) -> None:
    heard: list[Heard] = []
    bus.subscribe(heard.append)
    with transaction.atomic():
        say("first")
        with contextlib.suppress(KeyError), transaction.atomic():
            say("undone")
            raise KeyError
        say("second")
        assert heard == []
    assert names(heard) == ["first", "second"]


def test_nothing_is_built_where_nobody_listens(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "Heard", None)
    with bus.in_order():
        say("unheard")
    bus.wait_until_heard()


def test_a_listener_that_raises_is_logged_and_the_others_hear(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(event: Heard) -> None:
        raise ValueError("a bug")

    heard: list[Heard] = []
    bus.subscribe(broken)
    bus.subscribe(heard.append)
    say("counted")
    assert names(heard) == ["counted"]
    assert "a listener broke at milestone of demo" in caplog.text


def test_whoever_unsubscribes_hears_no_more_and_may_do_it_twice(bus: Bus) -> None:
    heard: list[Heard] = []
    twice = [bus.subscribe(heard.append) for _ in range(2)]
    twice[0]()
    twice[0]()
    say("heard once")
    twice[1]()
    say("not heard")
    assert names(heard) == ["heard once"]


def test_what_a_listener_tells_is_heard_after_what_it_hears(bus: Bus) -> None:
    heard: list[str] = []

    def answer(event: Heard) -> None:
        if event.milestone_id == "question":
            say("answer")
        heard.append(f"first {event.milestone_id}")

    bus.subscribe(answer)
    bus.subscribe(lambda event: heard.append(f"second {event.milestone_id}"))
    say("question")
    assert heard == ["first question", "second question", "first answer", "second answer"]


def test_events_of_ordered_transactions_are_heard_outside_of_them(bus: Bus) -> None:
    """A listener may start what another thread needs the order for."""

    def listen(event: Heard) -> None:
        if event.milestone_id == "question":
            thread = in_thread(say_in_order, "answer")
            thread.join(5)
            assert not thread.is_alive()
        heard.append(event)

    def say_in_order(name: str) -> None:
        with bus.in_order(), transaction.atomic():
            say(name)

    heard: list[Heard] = []
    bus.subscribe(listen)
    say_in_order("question")
    bus.wait_until_heard()
    assert names(heard) == ["question", "answer"]


def test_a_thread_that_is_slow_after_its_commit_is_not_overtaken(bus: Bus) -> None:
    heard: list[Heard] = []
    bus.subscribe(heard.append)
    is_committed, may_go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with bus.in_order(), transaction.atomic():
            transaction.on_commit(linger)
            say("first")

    def linger() -> None:
        is_committed.set()
        may_go_on.wait(5)

    def fast() -> None:
        is_committed.wait(5)
        threading.Timer(0.05, may_go_on.set).start()
        with bus.in_order(), transaction.atomic():
            say("second")

    for thread in [in_thread(slow), in_thread(fast)]:
        thread.join()
    bus.wait_until_heard()
    assert names(heard) == ["first", "second"]


def test_many_threads_tell_and_nothing_is_lost_or_doubled(bus: Bus) -> None:
    heard: list[Heard] = []
    bus.subscribe(heard.append)
    threads = [in_thread(lambda n=n: [say(f"{n}-{m}") for m in range(20)]) for n in range(4)]
    for thread in threads:
        thread.join()
    bus.wait_until_heard()
    assert sorted(names(heard)) == sorted(f"{n}-{m}" for n in range(4) for m in range(20))
    for n in range(4):
        assert [name for name in names(heard) if name.startswith(f"{n}-")] == [
            f"{n}-{m}" for m in range(20)
        ]


def test_milestones_alone_are_heard_those_of_a_status_too(bus: Bus) -> None:
    heard: list[tuple[str, object]] = []
    bus.subscribe(for_milestones(lambda name, payload: heard.append((name, payload))))
    tell(None, "demo", Kind.NOTE, NOON, payload={"text": "not this"})
    tell(None, "demo", Kind.START, NOON, milestone_id="unit.demo.running", payload={})
    say("counted")
    assert heard == [("unit.demo.running", {}), ("counted", {"n": 1})]
