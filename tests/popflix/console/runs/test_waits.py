"""What a run waited for, told by its events and by its own result."""

from __future__ import annotations

import datetime as dt

from popflix.console.runs.waits import Told, Wait, waits, within

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


def told(*events: tuple[float, str, str]) -> list[Told]:
    return [Told(at(seconds), kind, why) for seconds, kind, why in events]


def test_a_wait_lasts_until_the_next_change() -> None:
    events = told((0, "queued", ""), (4, "start", ""), (10, "waiting", "429"), (40, "resume", ""))
    found = waits([*events, *told((50, "complete", ""))], at(99))
    assert found == [Wait("its turn in the queue", 1, 4.0), Wait("429", 1, 30.0)]


def test_waits_for_one_reason_are_added_up() -> None:
    events = told(
        (0, "waiting", "turn"), (1, "resume", ""), (60, "waiting", "turn"), (62, "resume", "")
    )
    assert waits(events, at(99)) == [Wait("turn", 2, 3.0)]


def test_what_is_told_beside_ends_no_wait() -> None:
    events = told((0, "waiting", "429"), (5, "note", ""), (6, "milestone", ""), (9, "resume", ""))
    assert waits(events, at(99)) == [Wait("429", 1, 9.0)]


def test_a_wait_that_is_not_over_lasts_until_now() -> None:
    assert waits(told((0, "waiting", "429")), at(7)) == [Wait("429", 1, 7.0, is_going_on=True)]


def test_a_dead_process_is_waited_for_and_a_silent_wait_says_so() -> None:
    events = told((0, "requeue", "the lease ran out"), (3, "start", ""), (5, "waiting", ""))
    found = waits([*events, *told((6, "lost", ""))], at(99))
    assert found == [Wait("a new process", 1, 3.0), Wait("no reason was told", 1, 1.0)]


def test_events_whose_beginning_is_gone_are_no_wait() -> None:
    assert waits(told((3, "resume", ""), (5, "complete", "")), at(99)) == []


def test_a_body_tells_what_it_waited_for_itself() -> None:
    assert within({"waits": {"rate": 3.5, "429": 0, "odd": "x"}}) == [Wait("rate", 0, 3.5)]
    assert within({}) == within({"waits": [1]}) == []
