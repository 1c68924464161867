"""Processes and spread workers: a parent, its children, and who ends whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import pytest
from django_q.models import OrmQ

from popflix.engine import pauses, recovery, runs, starting
from popflix.engine.creating import Order
from popflix.engine.models import Event, Run, RunStatus
from popflix.engine.registry import Mode, Params, Unit
from popflix.engine.retry import RetryPolicy
from popflix.engine.runner import execute
from popflix.lib.errors import OperatorError
from tests.popflix.engine.crew import Crew, again, children, figures
from tests.popflix.engine.seen import kinds

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]


# --- parallel ---------------------------------------------------------------------------


def test_a_parallel_process_starts_all_its_workers_at_once(crew: Crew) -> None:
    parent = crew.process(Mode.PARALLEL, ["left", "right"])
    assert [child.unit for child in children(parent)] == ["left", "right"]
    assert [child.step for child in children(parent)] == [0, 1]
    assert {child.status for child in children(parent)} == {RunStatus.QUEUED}
    assert OrmQ.objects.count() == 2
    assert again(parent).status == RunStatus.QUEUED


def test_a_process_has_its_first_start_and_its_last_end(crew: Crew) -> None:
    parent = crew.process(Mode.PARALLEL, ["left", "right"])
    left, right = (crew.claim(child) for child in children(parent))
    told = list(Event.objects.order_by("pk").values_list("unit", "kind"))
    assert told[-3:] == [("film-day", "start"), ("left", "start"), ("right", "start")]
    runs.finish(right, RunStatus.COMPLETED, clock=crew.clock, registry=crew.registry)
    assert again(parent).status == RunStatus.RUNNING
    runs.finish(left, RunStatus.COMPLETED, clock=crew.clock, registry=crew.registry)
    ended = again(parent)
    assert (ended.status, ended.active_key) == (RunStatus.COMPLETED, None)
    assert kinds(parent) == ["queued", "start", "complete"]
    assert figures(parent) == (2, 2, 0, 2)


def test_a_failure_does_not_stop_the_siblings_and_the_error_lists_them_all(crew: Crew) -> None:
    crew.fails = {"left": ValueError("no reel"), "right": OperatorError("No light.", "Buy one.")}
    parent = crew.process(Mode.PARALLEL, ["left", "middle", "right"])
    crew.work()
    assert sorted(crew.did) == ["left", "middle", "right"]
    left, _, right = children(parent)
    ended = again(parent)
    assert ended.status == RunStatus.ERROR
    assert ended.error == (
        f"left (run {left.pk}): ValueError: no reel; right (run {right.pk}): No light. Buy one."
    )
    assert ended.error_group
    assert figures(parent) == (3, 1, 2, 3)


def test_a_worker_that_is_tried_again_keeps_its_process_open(crew: Crew) -> None:
    crew.worker("shaky", retry=RetryPolicy(2, base_seconds=1e7, cap_seconds=1e7))
    crew.fails = {"shaky": ValueError("once")}
    parent = crew.process(Mode.PARALLEL, ["left", "shaky"])
    crew.work()
    assert again(parent).status == RunStatus.RUNNING
    second = children(parent)[-1]
    assert (second.unit, second.attempt, second.step) == ("shaky", 2, 1)
    crew.fails = {}
    crew.clock(1e7)
    crew.work()
    assert again(parent).status == RunStatus.COMPLETED
    assert figures(parent) == (2, 2, 0, 2)


def test_a_busy_worker_waits_for_its_slot(crew: Crew) -> None:
    other = crew.claim(crew.enqueue("left"))
    parent = crew.process(Mode.PARALLEL, ["left", "right"])
    waiting = children(parent)[0]
    assert (waiting.slot, waiting.active_key) == (None, f"left:queue:step-{parent.pk}-0")
    crew.work()
    assert again(waiting).status == RunStatus.QUEUED
    OrmQ.objects.all().delete()
    runs.finish(other, RunStatus.COMPLETED, clock=crew.clock, registry=crew.registry)
    assert OrmQ.objects.get().task["args"] == (waiting.pk,)  # the slot wakes it up
    crew.work()
    assert again(parent).status == RunStatus.COMPLETED


def test_a_paused_worker_holds_its_process_open_until_it_is_resumed(crew: Crew) -> None:
    pauses.pause("left", by="ada", why="reels", now=crew.clock.now())
    parent = crew.process(Mode.PARALLEL, ["left", "right"])
    crew.work()
    assert crew.did == ["right"]
    assert again(parent).status == RunStatus.RUNNING
    OrmQ.objects.all().delete()
    pauses.resume("left", by="ada", now=crew.clock.now())
    assert OrmQ.objects.count() == 1
    crew.work()
    assert again(parent).status == RunStatus.COMPLETED


def test_a_paused_process_starts_no_further_worker(crew: Crew) -> None:
    parent = crew.process(Mode.SEQUENTIAL, ["left", "right"])
    first = crew.claim(children(parent)[0])
    pauses.pause("film-day", by="ada", why="reels", now=crew.clock.now())
    runs.finish(first, RunStatus.COMPLETED, clock=crew.clock, registry=crew.registry)
    crew.work()
    assert crew.did == []
    OrmQ.objects.all().delete()
    pauses.resume("film-day", by="ada", now=crew.clock.now())
    assert OrmQ.objects.get().task["args"] == (children(parent)[1].pk,)
    crew.work()
    assert again(parent).status == RunStatus.COMPLETED


def test_a_lost_worker_is_a_failure_of_its_process(crew: Crew) -> None:
    parent = crew.process(Mode.PARALLEL, ["left", "right"])
    left = crew.claim(children(parent)[0])
    runs.mark_lost(left, "its host burnt", clock=crew.clock, registry=crew.registry)
    crew.work()
    assert again(parent).status == RunStatus.ERROR
    assert "its host burnt" in again(parent).error


# --- spread -----------------------------------------------------------------------------


def halves(params: Params, count: int) -> list[Mapping[str, object]]:
    return [{**params, "share": n, "of": count} for n in range(count)]


@pytest.fixture
def spread(crew: Crew) -> Callable[..., Unit]:
    def register(**more: object) -> Unit:
        crew.worker("part", slots=3)
        made = crew.registry.release("part")
        return crew.registry.register(
            Unit("wide", made.body, 3, mode=Mode.SPREAD, **more)  # type: ignore[arg-type]
        )

    return register


def test_a_spread_worker_takes_all_its_free_slots(crew: Crew, spread: Callable[..., Unit]) -> None:
    spread(split=halves)
    runs.create_run("wide", {}, trigger="command", clock=crew.clock, registry=crew.registry)
    parent = crew.enqueue("wide", {"n": 1})
    assert parent.active_key == "wide:spread"
    assert [child.params for child in children(parent)] == [
        {"n": 1, "share": 0, "of": 2}, {"n": 1, "share": 1, "of": 2},
    ]  # fmt: skip
    crew.work()
    assert again(parent).status == RunStatus.COMPLETED
    assert figures(parent) == (4, 4, 0, None)  # what its children did


def test_a_second_spread_of_the_same_worker_is_refused_and_recorded(
    crew: Crew, spread: Callable[..., Unit]
) -> None:
    spread()
    parent = crew.enqueue("wide")
    with pytest.raises(runs.Busy, match=f"run {parent.pk} "):
        crew.enqueue("wide")
    skip = Event.objects.get(kind="skip")
    assert skip.payload["holders"] == [parent.pk]


def test_a_worker_without_a_free_slot_cannot_spread(
    crew: Crew, spread: Callable[..., Unit]
) -> None:
    spread()
    for _ in range(3):
        runs.create_run("wide", {}, trigger="command", clock=crew.clock, registry=crew.registry)
    with pytest.raises(runs.Busy):
        crew.enqueue("wide")
    assert not Run.objects.exclude(mode="").exists()


def test_a_worker_that_has_nothing_to_spread_says_so(
    crew: Crew, spread: Callable[..., Unit]
) -> None:
    spread(split=lambda params, count: [])
    with pytest.raises(OperatorError, match="nothing to spread"):
        crew.enqueue("wide")
    assert not Run.objects.exists()


# --- settling ---------------------------------------------------------------------------


def test_a_parent_whose_children_all_ended_is_settled_once(crew: Crew) -> None:
    parent = crew.process(Mode.PARALLEL, ["left"])
    assert not runs.settle(parent.pk, crew.clock.now())
    crew.claim(children(parent)[0])
    Run.objects.filter(parent=parent).update(active_key=None, status=RunStatus.COMPLETED)
    assert runs.settle(parent.pk, crew.clock.now())
    assert not runs.settle(parent.pk, crew.clock.now())
    assert kinds(parent) == ["queued", "start", "complete"]
    assert not runs.settle(4711, crew.clock.now())


def test_a_process_of_a_dead_process_of_this_host_ends_with_its_workers(crew: Crew) -> None:
    crew.registry.register(Unit("day", None, mode=Mode.PARALLEL, workers=["left", "right"]))
    order = Order(crew.registry.get("day"), {}, "manager")
    parent = starting.start(order, crew.clock.now(), crew.registry)
    crew.claim(children(parent)[0])
    assert again(parent).pid is None
    place = children(parent)[0].process_started_at.rpartition(":")[0]
    Run.objects.filter(parent=parent).update(process_started_at=f"{place}:1")
    crew.clock(dt.timedelta(seconds=1).total_seconds())
    recovery.reclaim_lost(clock=crew.clock, registry=crew.registry)
    assert {child.status for child in children(parent)} == {RunStatus.LOST}
    assert again(parent).status == RunStatus.ERROR
    assert not OrmQ.objects.exists()


def test_only_the_process_that_stored_a_run_for_itself_may_take_it(crew: Crew) -> None:
    run = runs.create_run("left", {}, trigger="manager", clock=crew.clock, registry=crew.registry)
    Run.objects.filter(pk=run.pk).update(host="elsewhere")
    assert runs.claim_run(run.pk, clock=crew.clock, registry=crew.registry) is None
    Run.objects.filter(pk=run.pk).update(host=run.host)
    assert execute(run.pk, clock=crew.clock, registry=crew.registry)
    assert again(run).status == RunStatus.COMPLETED
