"""Sequences: one step after the other, and where they go on; the ends of cancelled processes."""

from __future__ import annotations

import pytest
from django_q.models import OrmQ

from popflix.engine import cancelling, pauses, runs, starting
from popflix.engine.creating import Order
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Mode, Unit
from popflix.lib.errors import OperatorError
from tests.popflix.engine.crew import Crew, again, children, figures
from tests.popflix.engine.seen import kinds

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]


# --- sequential -------------------------------------------------------------------------


def test_a_sequence_takes_one_step_after_the_other(crew: Crew) -> None:
    parent = crew.process(Mode.SEQUENTIAL, ["right", "left", "right"])
    assert len(children(parent)) == 1
    crew.work()
    assert crew.did == ["right", "left", "right"]
    assert again(parent).status == RunStatus.COMPLETED
    assert figures(parent) == (3, 3, 0, 3)


def test_a_sequence_stops_at_its_first_failure_and_goes_on_from_there(crew: Crew) -> None:
    crew.fails = {"middle": ValueError("torn")}
    parent = crew.process(Mode.SEQUENTIAL, ["left", "middle", "right"])
    crew.work()
    assert crew.did == ["left", "middle"]
    assert again(parent).status == RunStatus.ERROR
    assert figures(parent) == (2, 1, 1, 3)
    crew.fails = {}
    second = starting.retry(parent.pk, by="ada", clock=crew.clock, registry=crew.registry)
    assert (second.retry_of_id, second.done_count, second.trigger) == (parent.pk, 1, "retry")
    assert again(parent).dismissed_at == crew.clock.now()
    crew.work()
    assert crew.did == ["left", "middle", "middle", "right"]
    assert again(second).status == RunStatus.COMPLETED
    assert figures(second) == (3, 3, 0, 3)


def test_a_sequence_that_fails_again_goes_on_from_where_it_came_to(crew: Crew) -> None:
    crew.fails = {"middle": ValueError("torn")}
    parent = crew.process(Mode.SEQUENTIAL, ["left", "middle", "right"])
    crew.work()
    crew.fails = {"right": ValueError("burnt")}
    second = starting.retry(parent.pk, by="ada", clock=crew.clock, registry=crew.registry)
    crew.work()
    crew.fails, crew.did = {}, []
    third = starting.retry(second.pk, by="ada", clock=crew.clock, registry=crew.registry)
    crew.work()
    assert crew.did == ["right"]
    assert again(third).status == RunStatus.COMPLETED


def test_a_step_that_cannot_be_started_ends_the_sequence_and_says_why(crew: Crew) -> None:
    parent = crew.process(Mode.SEQUENTIAL, ["left", "middle"])
    crew.registry.release("middle")
    crew.work()
    assert again(parent).status == RunStatus.ERROR
    assert again(parent).error.startswith("middle: There is no unit middle.")


def test_a_sequence_that_became_shorter_meanwhile_ends_with_an_error(crew: Crew) -> None:
    parent = crew.process(Mode.SEQUENTIAL, ["left", "middle"])
    crew.registry.release("film-day")
    crew.registry.register(Unit("film-day", None, mode=Mode.SEQUENTIAL, workers=["left"]))
    crew.work()
    assert again(parent).status == RunStatus.ERROR
    assert again(parent).error == "step 2 of film-day is known no longer"


def test_a_process_whose_workers_are_unknown_is_not_stored_at_all(crew: Crew) -> None:
    with pytest.raises(OperatorError, match="no unit nobody"):
        crew.process(Mode.PARALLEL, ["left", "nobody"])
    assert not Run.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_process_is_no_worker_of_another(crew: Crew) -> None:
    crew.registry.register(Unit("inner", None, mode=Mode.PARALLEL, workers=["left"]))
    with pytest.raises(OperatorError, match="inner is a process"):
        crew.process(Mode.PARALLEL, ["inner"])


def test_a_process_that_waited_for_its_slot_begins_when_there_is_one(crew: Crew) -> None:
    first = crew.process(Mode.PARALLEL, ["left", "right"])
    unit = crew.registry.get("film-day")
    order = Order(unit, {}, "schedule", on_queue=True, waits_as="schedule-1")
    second = starting.start(order, crew.clock.now(), crew.registry)
    assert (second.slot, children(second)) == (None, [])
    assert not starting.begin(second, crew.registry, crew.clock.now())
    crew.work()
    assert again(first).status == RunStatus.COMPLETED
    pauses.pause("film-day", by="ada", why="reels", now=crew.clock.now())
    assert not starting.begin(second, crew.registry, crew.clock.now())
    pauses.resume("film-day", by="ada", now=crew.clock.now())
    assert starting.begin(second, crew.registry, crew.clock.now())
    assert not starting.begin(again(second), crew.registry, crew.clock.now())
    crew.work()
    assert again(second).status == RunStatus.COMPLETED


# --- cancelling -------------------------------------------------------------------------


def test_a_cancelled_process_ends_with_the_last_of_its_workers(crew: Crew) -> None:
    parent = crew.process(Mode.PARALLEL, ["left", "right"])
    left = crew.claim(children(parent)[0])
    cancelling.cancel(parent.pk, by="ada", why="no film", clock=crew.clock, registry=crew.registry)
    assert [again(child).status for child in children(parent)] == ["running", "cancelled"]
    assert again(left).cancel_requested_at == crew.clock.now()
    assert again(parent).status == RunStatus.RUNNING
    runs.finish(left, RunStatus.CANCELLED, clock=crew.clock, registry=crew.registry)
    assert again(parent).status == RunStatus.CANCELLED
    assert kinds(parent) == ["queued", "start", "note", "cancel"]


def test_a_cancelled_sequence_takes_no_further_step(crew: Crew) -> None:
    parent = crew.process(Mode.SEQUENTIAL, ["left", "right"])
    left = crew.claim(children(parent)[0])
    cancelling.cancel(parent.pk, by="ada", clock=crew.clock, registry=crew.registry)
    runs.finish(left, RunStatus.COMPLETED, clock=crew.clock, registry=crew.registry)
    assert again(parent).status == RunStatus.CANCELLED
    assert len(children(parent)) == 1
    again_from_there = starting.retry(
        parent.pk, by="ada", clock=crew.clock, registry=crew.registry
    )
    assert [child.unit for child in children(again_from_there)] == ["right"]


def test_a_sequence_cancelled_after_its_last_step_has_nothing_to_go_on_with(crew: Crew) -> None:
    parent = crew.process(Mode.SEQUENTIAL, ["left"])
    left = crew.claim(children(parent)[0])
    cancelling.cancel(parent.pk, by="ada", clock=crew.clock, registry=crew.registry)
    runs.finish(left, RunStatus.COMPLETED, clock=crew.clock, registry=crew.registry)
    with pytest.raises(OperatorError, match="All steps of film-day are done"):
        starting.retry(parent.pk, by="ada", clock=crew.clock, registry=crew.registry)


def test_a_process_that_nobody_began_is_cancelled_at_once(crew: Crew) -> None:
    parent = crew.process(Mode.PARALLEL, ["left", "right"])
    cancelled = cancelling.cancel(parent.pk, by="ada", clock=crew.clock, registry=crew.registry)
    assert cancelled.status == RunStatus.CANCELLED
    assert not Run.objects.exclude(active_key=None).exists()
    assert kinds(parent) == ["queued", "note", "cancel"]


def test_a_worker_that_ends_while_its_process_is_cancelled_is_passed_over(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = crew.process(Mode.PARALLEL, ["left", "right"])
    left = crew.claim(children(parent)[0])
    read = cancelling._read

    def read_late(run_id: int) -> Run | None:
        if run_id == left.pk:
            runs.finish(left, RunStatus.COMPLETED, clock=crew.clock, registry=crew.registry)
        return read(run_id)

    monkeypatch.setattr(cancelling, "_read", read_late)
    cancelling.cancel(parent.pk, by="ada", clock=crew.clock, registry=crew.registry)
    assert [again(child).status for child in children(parent)] == ["completed", "cancelled"]
    assert again(parent).status == RunStatus.CANCELLED


def test_a_waiting_process_is_cancelled_too(crew: Crew) -> None:
    crew.process(Mode.PARALLEL, ["left"])
    unit = crew.registry.get("film-day")
    order = Order(unit, {}, "schedule", on_queue=True, waits_as="schedule-1")
    second = starting.start(order, crew.clock.now(), crew.registry)
    assert not runs.settle(second.pk, crew.clock.now())  # it has not even begun
    cancelling.cancel(second.pk, by="ada", clock=crew.clock, registry=crew.registry)
    assert again(second).status == RunStatus.CANCELLED
