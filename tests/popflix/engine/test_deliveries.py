"""A unit runs for a delivery of the queue, by the same steps as in the foreground."""

from __future__ import annotations

import datetime as dt
import itertools
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from django_q.models import OrmQ

from popflix.engine import runs
from popflix.engine.context import RunContext
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Body
from popflix.engine.runner import RunOutcome, execute
from popflix.engine.starting import enqueue
from tests.popflix.engine.fakes import NOON, FakeClock, FakeStop, registered
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


def test_a_run_of_a_unit_that_is_not_known_here_is_left_to_those_who_know_it(
    clock: FakeClock,
) -> None:
    with queued(lambda ctx: None, clock) as run:
        pass
    assert not execute(run.pk, clock=clock)
    assert (last().status, last().pid) == (RunStatus.QUEUED, None)


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
        assert parked.resume_at == NOON + dt.timedelta(seconds=300)
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


def test_a_worker_that_is_being_stopped_begins_nothing_and_hands_it_on(
    clock: FakeClock, stop: FakeStop
) -> None:
    with queued(lambda ctx: None, clock) as run:
        OrmQ.objects.all().delete()
        stop.ask(signal.SIGTERM)
        clock(3)
        assert not execute(run.pk, stop=stop, clock=clock)
        handed_on = last()
        assert (handed_on.status, handed_on.fence) == (RunStatus.QUEUED, 0)
        assert (handed_on.dispatched_at, handed_on.dispatch_count) == (clock.now(), 2)
        assert OrmQ.objects.get().task["args"] == (run.pk,)


def test_a_worker_that_is_being_stopped_hands_over_after_its_chunk(
    clock: FakeClock, stop: FakeStop
) -> None:
    chunks: list[int] = []

    def body(ctx: RunContext) -> None:
        while len(chunks) < 5 and not ctx.should_stop():
            with ctx.commit(done=1):
                chunks.append(len(chunks))
            if len(chunks) == 2:
                stop.ask(signal.SIGTERM)

    with queued(body, clock) as run:
        OrmQ.objects.all().delete()
        assert execute(run.pk, stop=stop, clock=clock)
        assert (last().status, len(chunks)) == (RunStatus.WAITING, 2)
        assert last().wait_reason == "its worker is being stopped"
        assert OrmQ.objects.get().task["args"] == (run.pk,)
        execute(run.pk, clock=clock)
    assert (last().status, last().done_count) == (RunStatus.COMPLETED, 5)
