"""A failed run is tried again as its unit's policy says, in the same transaction."""

from __future__ import annotations

import datetime as dt

import pytest
from django_q.models import OrmQ

from popflix.engine import cancelling, pauses, runs, starting
from popflix.engine.context import RunContext
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Registry, Unit
from popflix.engine.retry import RetryPolicy
from popflix.engine.runner import execute
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import NOON, FakeClock
from tests.popflix.engine.seen import kinds, last, last_payload

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]


@pytest.fixture
def units() -> Registry:
    return Registry()


def register(
    units: Registry, error: BaseException | None, policy: RetryPolicy, name: str = "demo"
) -> None:
    def body(ctx: RunContext) -> None:
        if error is not None:
            raise error

    units.register(Unit(name, body, retry=policy))


def enqueue(units: Registry, clock: FakeClock, name: str = "demo") -> Run:
    return starting.enqueue(name, {"n": 1}, trigger="admin", clock=clock, registry=units)


def finish(units: Registry, clock: FakeClock, run: Run, jitter: float = 0.5) -> None:
    claimed = runs.claim_run(run.pk, clock=clock, registry=units)
    assert claimed is not None
    runs.finish(
        claimed, "error", clock=clock, error="no net", registry=units, random01=lambda: jitter
    )


def test_the_next_attempt_is_stored_with_the_end_of_the_failed_one(
    units: Registry, clock: FakeClock
) -> None:
    register(units, None, RetryPolicy(attempts=3, base_seconds=20))
    first = enqueue(units, clock)
    OrmQ.objects.all().delete()
    clock(5)
    finish(units, clock, first)
    second = last()
    assert (second.attempt, second.retry_of_id, second.params) == (2, first.pk, {"n": 1})
    assert (second.status, second.trigger) == (RunStatus.QUEUED, "admin")
    assert second.resume_at == NOON + dt.timedelta(seconds=15)
    assert second.active_key == "demo:0"  # nothing comes between two attempts
    assert second.wait_reason == "attempt 2 of 3"
    assert not OrmQ.objects.exists()  # the watcher delivers it when it is due
    assert Run.objects.get(pk=first.pk).status == RunStatus.ERROR
    assert last_payload(first) == {"why": "no net"}


def test_an_attempt_waits_for_its_back_off_and_the_last_one_stands(
    units: Registry, clock: FakeClock
) -> None:
    register(units, ValueError("no net"), RetryPolicy(attempts=3, base_seconds=1e6))
    first = enqueue(units, clock)
    for attempt in (1, 2, 3):
        run = last()
        assert run.attempt == attempt
        if attempt > 1:
            assert not execute(run.pk, clock=clock, registry=units)
            clock(2e6)
        assert execute(run.pk, clock=clock, registry=units)
    assert last().attempt == 3
    assert set(Run.objects.values_list("status", flat=True)) == {RunStatus.ERROR}
    assert kinds(first) == ["queued", "start", "error"]


def test_what_only_a_person_can_mend_is_not_tried_again(units: Registry, clock: FakeClock) -> None:
    register(units, OperatorError("No key.", "Set one."), RetryPolicy(attempts=3))
    execute(enqueue(units, clock).pk, clock=clock, registry=units)
    assert Run.objects.get().error == "No key. Set one."


def test_after_the_deadline_there_is_no_further_attempt(units: Registry, clock: FakeClock) -> None:
    policy = RetryPolicy(attempts=9, base_seconds=100, cap_seconds=100, deadline_seconds=150)
    register(units, None, policy)
    finish(units, clock, enqueue(units, clock), jitter=1.0)
    clock(100)
    finish(units, clock, last(), jitter=1.0)  # 200 s after the first one was queued
    assert last().attempt == 2
    assert last().status == RunStatus.ERROR


def test_a_run_that_belongs_to_its_process_is_not_tried_again(
    units: Registry, clock: FakeClock
) -> None:
    register(units, None, RetryPolicy(attempts=3))
    run = runs.create_run(
        "demo", {}, trigger="command", clock=clock, status=RunStatus.RUNNING, registry=units
    )
    runs.finish(run, "error", clock=clock, error="no net", registry=units)
    assert Run.objects.get().status == RunStatus.ERROR


def test_a_run_that_is_to_be_cancelled_is_not_tried_again(
    units: Registry, clock: FakeClock
) -> None:
    register(units, None, RetryPolicy(attempts=3))
    claimed = runs.claim_run(enqueue(units, clock).pk, clock=clock, registry=units)
    assert claimed is not None
    cancelling.cancel(claimed.pk, by="ada", clock=clock, registry=units)
    runs.finish(claimed, "error", clock=clock, error="no net", registry=units)
    assert Run.objects.get().status == RunStatus.ERROR


def test_parameters_that_are_refused_by_now_end_the_attempts(
    units: Registry, clock: FakeClock
) -> None:
    register(units, None, RetryPolicy(attempts=3))
    claimed = runs.claim_run(enqueue(units, clock).pk, clock=clock, registry=units)
    assert claimed is not None

    def refuse(params: object) -> dict[str, object]:
        raise OperatorError("n is no parameter any more.", "Leave it out.")

    body = units.release("demo").body
    units.register(Unit("demo", body, clean_params=refuse, retry=RetryPolicy(attempts=3)))
    runs.finish(claimed, "error", clock=clock, error="no net", registry=units)
    assert Run.objects.get().status == RunStatus.ERROR


def test_a_pause_sticks_through_the_attempts(units: Registry, clock: FakeClock) -> None:
    register(units, None, RetryPolicy(attempts=2, base_seconds=20))
    finish(units, clock, enqueue(units, clock))
    pauses.pause("demo", by="ada", why="no net", now=clock.now())
    clock(60)
    assert not execute(last().pk, clock=clock, registry=units)
    OrmQ.objects.all().delete()
    pauses.resume("demo", by="ada", now=clock.now())
    assert OrmQ.objects.get().task["args"] == (last().pk,)
    assert execute(last().pk, clock=clock, registry=units)
    assert last().status == RunStatus.COMPLETED
