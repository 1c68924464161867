"""Starting through the queue: what is stored, what is refused, and what a retry is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest
from django_q.models import OrmQ

from popflix.engine import pauses, q2, runs, starting
from popflix.engine.creating import Order
from popflix.engine.delivery import deliver_again
from popflix.engine.models import Event, Run, RunStatus
from popflix.engine.registry import Mode, Registry, Unit
from popflix.engine.runner import execute
from popflix.lib.errors import OperatorError
from tests.popflix.engine.crew import Crew, again, children
from tests.popflix.engine.fakes import NOON, FakeClock
from tests.popflix.engine.seen import last_payload

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]


def queues() -> list[str]:
    return list(OrmQ.objects.order_by("pk").values_list("key", flat=True))


def failed(crew: Crew) -> Run:
    crew.fails = {"left": ValueError("torn")}
    run = crew.enqueue("left", {"n": 1})
    crew.work()
    crew.fails = {}
    OrmQ.objects.all().delete()
    return run


def retry(crew: Crew, run: Run, not_before: dt.datetime | None = None) -> Run:
    return starting.retry(
        run.pk, by="ada", not_before=not_before, clock=crew.clock, registry=crew.registry
    )


# --- enqueuing --------------------------------------------------------------------------


def test_who_asked_is_told(crew: Crew) -> None:
    run = starting.enqueue(
        "left", {}, trigger="admin", clock=crew.clock, registry=crew.registry, by="ada"
    )
    assert last_payload(run) == {"trigger": "admin", "by": "ada"}


def test_what_a_person_starts_passes_the_crawl_and_only_the_first_time(crew: Crew) -> None:
    for trigger in ("admin", "schedule"):
        unit = "left" if trigger == "admin" else "right"
        starting.enqueue(unit, {}, trigger=trigger, clock=crew.clock, registry=crew.registry)
    assert queues() == [q2.OPERATOR, "popflix"]
    deliver_again(Run.objects.get(unit="left"), crew.clock.now())
    assert queues()[2:] == ["popflix"]


def test_a_second_trigger_of_a_busy_unit_is_recorded_with_the_run_that_holds_it(
    crew: Crew,
) -> None:
    run = crew.enqueue("left")
    with pytest.raises(runs.Busy, match=f"run {run.pk} "):
        crew.enqueue("left")
    skip = Event.objects.get(kind="skip")
    assert (skip.run_id, skip.unit, skip.payload["holders"]) == (None, "left", [run.pk])
    assert Run.objects.count() == 1


def test_a_run_may_wait_for_its_slot_once_under_a_name(crew: Crew) -> None:
    holder = crew.claim(crew.enqueue("left"))
    order = Order(crew.registry.get("left"), {}, "schedule", on_queue=True, waits_as="schedule-3")
    waiting = starting.start(order, crew.clock.now(), crew.registry)
    assert (waiting.slot, waiting.active_key) == (None, "left:queue:schedule-3")
    with pytest.raises(runs.Busy) as busy:
        starting.start(order, crew.clock.now(), crew.registry)
    assert {run.pk for run in busy.value.holders} == {holder.pk, waiting.pk}
    assert not execute(waiting.pk, clock=crew.clock, registry=crew.registry)
    OrmQ.objects.all().delete()
    runs.finish(holder, RunStatus.COMPLETED, clock=crew.clock, registry=crew.registry)
    assert OrmQ.objects.get().task["args"] == (waiting.pk,)
    crew.work()
    assert again(waiting).status == RunStatus.COMPLETED
    assert again(waiting).slot == 0


def test_of_many_that_wait_the_eldest_is_woken_first(crew: Crew) -> None:
    holder = crew.claim(crew.enqueue("left"))
    unit = crew.registry.get("left")
    orders = [Order(unit, {}, "schedule", on_queue=True, waits_as=f"s-{n}") for n in (2, 1)]
    eldest, _ = [starting.start(order, crew.clock.now(), crew.registry) for order in orders]
    OrmQ.objects.all().delete()
    runs.finish(holder, RunStatus.COMPLETED, clock=crew.clock, registry=crew.registry)
    assert OrmQ.objects.get().task["args"] == (eldest.pk,)


# --- retrying ---------------------------------------------------------------------------


def test_a_retry_is_a_new_run_and_the_failed_one_is_a_dead_letter_no_longer(crew: Crew) -> None:
    first = failed(crew)
    second = retry(crew, first)
    assert (second.retry_of_id, second.params, second.attempt) == (first.pk, {"n": 1}, 1)
    assert last_payload(second) == {"trigger": "retry", "by": "ada", "retry_of": first.pk}
    assert again(first).dismissed_at == NOON
    assert queues() == [q2.OPERATOR]
    crew.work()
    assert again(second).status == RunStatus.COMPLETED


def test_a_run_whose_retry_is_at_work_is_not_retried_beside_it(crew: Crew) -> None:
    crew.worker("twice", slots=2)
    crew.fails = {"twice": ValueError("torn")}
    first = crew.enqueue("twice", {"n": 1})
    crew.work()
    second = retry(crew, first)
    with pytest.raises(OperatorError, match=f"tried again already, as run {second.pk}"):
        retry(crew, first)
    crew.work()
    assert retry(crew, first).retry_of_id == first.pk  # that one failed, too


def test_a_retry_may_be_held_back_and_wait_for_its_slot(crew: Crew) -> None:
    first = failed(crew)
    crew.claim(crew.enqueue("left"))
    OrmQ.objects.all().delete()
    second = retry(crew, first, NOON + dt.timedelta(seconds=30))
    assert (second.slot, second.resume_at) == (None, NOON + dt.timedelta(seconds=30))
    assert not OrmQ.objects.exists()


def test_only_a_whole_run_that_failed_can_be_retried(crew: Crew) -> None:
    run = crew.enqueue("left")
    with pytest.raises(OperatorError, match="is queued"):
        retry(crew, run)
    with pytest.raises(OperatorError, match="does not exist"):
        starting.retry(4711, by="ada", clock=crew.clock, registry=crew.registry)
    crew.work()
    crew.registry.register(Unit("row", None, mode=Mode.SEQUENTIAL, workers=["left"]))
    crew.fails = {"left": ValueError("torn")}
    parent = crew.enqueue("row")
    crew.work()
    with pytest.raises(OperatorError, match=f"part of run {parent.pk}"):
        retry(crew, children(parent)[0])


def test_a_retry_of_a_paused_unit_is_refused_and_the_dead_letter_stays(crew: Crew) -> None:
    first = failed(crew)
    pauses.pause("left", by="ada", why="reels", now=crew.clock.now())
    with pytest.raises(pauses.Paused):
        retry(crew, first)
    assert again(first).dismissed_at is None


def test_a_retry_that_finds_no_slot_leaves_the_dead_letter(crew: Crew) -> None:
    first = failed(crew)
    crew.enqueue("left")
    with pytest.raises(runs.Busy):
        retry(crew, first)
    assert again(first).dismissed_at is None


def test_parameters_that_are_wrong_store_nothing(clock: FakeClock) -> None:
    def clean(params: Mapping[str, object]) -> dict[str, object]:
        raise OperatorError("size is missing.", "Give --param size=1.")

    units = Registry()
    units.register(Unit("choosy", lambda ctx: None, clean_params=clean))
    with pytest.raises(OperatorError, match="size is missing"):
        starting.enqueue("choosy", {}, trigger="admin", clock=clock, registry=units)
    assert not Event.objects.exists()


def test_a_process_cannot_run_as_a_worker(crew: Crew) -> None:
    crew.registry.register(Unit("row", None, mode=Mode.SEQUENTIAL, workers=["left"]))
    with pytest.raises(OperatorError, match="row is a process"):
        runs.create_run("row", {}, trigger="command", clock=crew.clock, registry=crew.registry)
    assert not Run.objects.exists()
