"""A unit runs for a delivery of the queue, by the same steps as in the foreground."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from django_q.models import OrmQ, Schedule

from popflix.engine import q2, runs
from popflix.engine.context import RunContext
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Body
from popflix.engine.runner import RunOutcome, enqueue, execute
from tests.popflix.engine.fakes import NOON, FakeClock, registered
from tests.popflix.engine.seen import kinds, last

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]

Foreground = Callable[[Body], RunOutcome]


@contextmanager
def queued(body: Body, clock: FakeClock) -> Iterator[Run]:
    with registered(body):
        yield enqueue("demo", {"n": 1}, trigger="admin", clock=clock)


def test_enqueuing_stores_the_run_and_its_delivery_together(clock: FakeClock) -> None:
    with queued(lambda ctx: None, clock) as run:
        assert run.status == RunStatus.QUEUED
        assert OrmQ.objects.get().task["args"] == (run.pk,)
        with pytest.raises(runs.Busy):
            enqueue("demo", {}, trigger="admin", clock=clock)
        assert OrmQ.objects.count() == 1


def test_a_delivery_runs_the_unit(clock: FakeClock) -> None:
    with queued(lambda ctx: {"loaded": ctx.params["n"]}, clock) as run:
        execute(run.pk, clock=clock)
    assert (last().status, last().result) == ("completed", {"loaded": 1})


def test_a_delivery_that_comes_twice_is_harmless(clock: FakeClock) -> None:
    calls = itertools.count()
    with queued(lambda ctx: {"calls": next(calls)}, clock) as run:
        execute(run.pk, clock=clock)
        execute(run.pk, clock=clock)
    assert next(calls) == 1
    assert kinds(run) == ["queued", "start", "complete"]


def test_a_delivery_while_the_run_works_is_harmless(clock: FakeClock) -> None:
    inner: list[str] = []

    def body(ctx: RunContext) -> None:
        inner.append("started")
        execute(ctx.run_id, clock=clock)

    with queued(body, clock) as run:
        execute(run.pk, clock=clock)
    assert inner == ["started"]


def test_an_error_stays_out_of_the_queue(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def body(ctx: RunContext) -> None:
        raise ValueError("a bug")

    with queued(body, clock) as run:
        execute(run.pk, clock=clock)
    assert last().error == "ValueError: a bug"
    assert "demo broke" in caplog.text


def test_a_unit_that_is_gone_ends_its_run_with_the_names_there_are(clock: FakeClock) -> None:
    with queued(lambda ctx: None, clock) as run:
        pass
    execute(run.pk, clock=clock)
    assert last().status == RunStatus.ERROR
    assert last().error.startswith("There is no unit demo.")


def test_a_queue_run_that_must_wait_is_parked_and_delivered_again(clock: FakeClock) -> None:
    turns: list[bool] = []

    def body(ctx: RunContext) -> Mapping[str, object]:
        turns.append(not turns and not ctx.wait(300, "TMDB asked for a pause"))
        return {"turns": len(turns)}

    with queued(body, clock) as run:
        execute(run.pk, clock=clock)
        parked = last()
        assert (parked.status, parked.pid, parked.lease_until) == ("waiting", None, None)
        assert parked.wait_reason == "TMDB asked for a pause"
        assert parked.active_key == "demo:0"
        resume_at = NOON + dt.timedelta(seconds=300)
        assert Schedule.objects.get().next_run == resume_at
        execute(run.pk, clock=clock)  # too early
        assert len(turns) == 1
        clock(300)
        execute(run.pk, clock=clock)
    assert (last().status, last().result) == ("completed", {"turns": 2})
    assert kinds(run) == ["queued", "start", "waiting", "resume", "complete"]


def test_a_queue_run_hands_over_when_its_turn_is_over(clock: FakeClock) -> None:
    turns = itertools.count(1)

    def body(ctx: RunContext) -> None:
        if next(turns) == 1:
            clock(61)
            assert ctx.should_stop()

    with queued(body, clock) as run:
        OrmQ.objects.all().delete()
        execute(run.pk, longest_seconds=60, clock=clock)
        assert last().status == RunStatus.WAITING
        assert OrmQ.objects.get().task["args"] == (run.pk,)
        execute(run.pk, longest_seconds=60, clock=clock)
    assert last().status == RunStatus.COMPLETED


def test_a_queue_run_pauses_on_its_clock(clock: FakeClock) -> None:
    with queued(lambda ctx: {"went_on": ctx.pause(3)}, clock) as run:
        execute(run.pk, clock=clock)
    assert last().result == {"went_on": True}
    assert clock.monotonic() == pytest.approx(3)


def test_a_queue_run_that_lost_its_fence_neither_parks_nor_dispatches(clock: FakeClock) -> None:
    def body(ctx: RunContext) -> None:
        ctx.wait(300, "a pause")
        runs.mark_lost(Run.objects.get(pk=ctx.run_id), "thought dead", clock=clock)

    with queued(body, clock) as run:
        OrmQ.objects.all().delete()
        execute(run.pk, clock=clock)
    assert last().status == RunStatus.LOST
    assert not OrmQ.objects.exists()
    assert not Schedule.objects.exists()


def test_a_wake_up_later_wished_replaces_the_earlier_one() -> None:
    at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    q2.dispatch(7, at=at)
    q2.dispatch(7, at=at + dt.timedelta(hours=1))
    schedule = Schedule.objects.get()
    assert (schedule.args, schedule.next_run) == ("7", at + dt.timedelta(hours=1))
