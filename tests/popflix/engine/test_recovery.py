"""Runs of dead processes are found, ended and their rows given back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django_q.models import OrmQ

from popflix.engine import cancelling, fence, leases, recovery, runs, work
from popflix.engine.context import RunContext
from popflix.engine.models import Run, RunStatus
from popflix.engine.recovery import reclaim_lost
from popflix.engine.registry import Registry, Unit, registry
from popflix.engine.retry import RetryPolicy, Verdict
from popflix.engine.starting import enqueue
from tests.popflix.engine.fakes import NOON, FakeClock, registered
from tests.popflix.engine.rows import Job, add_jobs
from tests.popflix.engine.seen import kinds

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]


def nothing(ctx: RunContext) -> None:
    """Nobody performs these runs."""


@pytest.fixture
def run(clock: FakeClock) -> Iterator[Run]:
    with registered(nothing, "demo", slots=3):
        yield runs.create_run("demo", {}, trigger="command", clock=clock, status=RunStatus.RUNNING)


def make_dead(run: Run) -> None:
    """Its pid belongs to a process that started at another time."""
    place = run.process_started_at.rpartition(":")[0]
    Run.objects.filter(pk=run.pk).update(process_started_at=f"{place}:1")


@pytest.fixture
def queued(clock: FakeClock) -> Iterator[Run]:
    """A run of the queue at work."""
    again = RetryPolicy(crashes=3)
    registry.register(Unit("demo", nothing, 3, retry=again))
    stored = enqueue("demo", {}, trigger="admin", clock=clock)
    claimed = runs.claim_run(stored.pk, clock=clock)
    assert claimed is not None
    OrmQ.objects.all().delete()
    yield claimed
    registry.release("demo")


def crash(clock: FakeClock) -> Verdict | None:
    """The process that holds the run dies, and the next one takes over if there is one."""
    run = Run.objects.get()
    verdict = recovery.deal_with(run, "its process is gone", clock=clock)
    runs.claim_run(run.pk, clock=clock)
    return verdict


def status(run: Run) -> str:
    return Run.objects.get(pk=run.pk).status


def test_a_run_of_a_dead_process_of_this_host_is_lost_at_once(run: Run, clock: FakeClock) -> None:
    make_dead(run)
    (lost,) = reclaim_lost(clock=clock)
    assert lost.pk == run.pk
    assert status(run) == RunStatus.LOST
    event = run.events.order_by("id").last()
    assert event is not None
    assert event.kind == "lost"
    assert event.payload["why"] == f"process {run.pid} on this host is gone"


def test_a_run_that_waited_in_a_dead_process_is_lost_too(run: Run, clock: FakeClock) -> None:
    runs.park(run, NOON + dt.timedelta(seconds=50), "a pause", clock=clock, in_process=True)
    make_dead(run)
    reclaim_lost(clock=clock)
    assert status(run) == RunStatus.LOST


def test_a_living_run_is_left_alone_though_it_beats_late(run: Run, clock: FakeClock) -> None:
    clock(149)
    assert reclaim_lost(clock=clock) == []
    clock(2)  # five leases without a beat: it hangs
    assert [lost.pk for lost in reclaim_lost(clock=clock)] == [run.pk]


def test_on_another_host_only_the_lease_tells(run: Run, clock: FakeClock) -> None:
    Run.objects.filter(pk=run.pk).update(host="elsewhere")
    clock(30)
    assert reclaim_lost(clock=clock) == []
    clock(1)
    assert [lost.pk for lost in reclaim_lost(clock=clock)] == [run.pk]
    assert "elsewhere has not been heard of" in Run.objects.get(pk=run.pk).error


def test_queued_and_parked_runs_belong_to_nobody_who_could_die(
    queued: Run, clock: FakeClock
) -> None:
    runs.park(queued, NOON, "told to", clock=clock)
    enqueue("demo", {}, trigger="admin", clock=clock)
    clock(100_000)
    assert reclaim_lost(clock=clock) == []


def test_a_run_that_its_process_had_not_begun_dies_with_it(run: Run, clock: FakeClock) -> None:
    waiting = runs.create_run("demo", {}, trigger="manager", clock=clock)
    clock(1000)
    assert [lost.pk for lost in reclaim_lost(clock=clock)] == [run.pk]  # that one hangs
    make_dead(waiting)
    assert [lost.pk for lost in reclaim_lost(clock=clock)] == [waiting.pk]
    assert status(waiting) == RunStatus.LOST


def test_on_another_host_a_run_that_was_not_begun_is_given_up_after_a_day(
    run: Run, clock: FakeClock
) -> None:
    waiting = runs.create_run("demo", {}, trigger="manager", clock=clock)
    Run.objects.filter(pk=waiting.pk).update(host="elsewhere")
    clock(24 * 3600)
    assert waiting.pk not in [lost.pk for lost in reclaim_lost(clock=clock)]
    clock(1)
    assert waiting.pk in [lost.pk for lost in reclaim_lost(clock=clock)]


# --- runs on the queue ------------------------------------------------------------------


def test_a_queue_run_of_a_dead_process_goes_on_in_another(queued: Run, clock: FakeClock) -> None:
    make_dead(queued)
    (found,) = reclaim_lost(clock=clock)
    assert found.pk == queued.pk
    requeued = Run.objects.get()
    assert (requeued.status, requeued.pid, requeued.crash_count) == (RunStatus.QUEUED, None, 1)
    assert requeued.dispatch_count == 1
    assert OrmQ.objects.get().task["args"] == (queued.pk,)
    assert kinds(queued) == ["queued", "start", "requeue"]


def test_a_run_that_crashes_again_and_again_without_progress_is_lost(
    queued: Run, clock: FakeClock
) -> None:
    assert [crash(clock) for _ in range(3)] == [Verdict.REQUEUE, Verdict.REQUEUE, Verdict.LOST]
    assert status(queued) == RunStatus.LOST
    assert Run.objects.get().error == "its process is gone, 3 times without progress"
    assert crash(clock) is None  # it has ended


def test_progress_between_two_crashes_starts_the_count_anew(queued: Run, clock: FakeClock) -> None:
    for _ in range(7):
        run = Run.objects.get()
        assert fence.advance(run.pk, run.fence, now=clock.now(), done=1)
        assert crash(clock) is Verdict.REQUEUE
    assert Run.objects.get().crash_count == 1


def test_a_run_that_was_to_be_cancelled_is_cancelled_when_its_process_dies(
    queued: Run, clock: FakeClock
) -> None:
    cancelling.cancel(queued.pk, by="ada", clock=clock)
    assert crash(clock) is Verdict.CANCEL
    assert status(queued) == RunStatus.CANCELLED
    assert not OrmQ.objects.exists()


def test_a_delivery_takes_over_only_what_a_delivery_may(queued: Run, clock: FakeClock) -> None:
    clock(31)
    cancelling.cancel(queued.pk, by="ada", clock=clock)
    assert runs.claim_run(queued.pk, clock=clock) is None
    Run.objects.update(cancel_requested_at=None, crash_count=2)
    assert runs.claim_run(queued.pk, clock=clock) is None  # it would be the third crash
    Run.objects.update(crash_count=1)
    assert runs.claim_run(queued.pk, clock=clock) is not None


def test_the_lease_of_a_unit_that_is_unknown_here_runs_out_all_the_same(
    queued: Run, clock: FakeClock
) -> None:
    clock(31)
    assert recovery.deal_with(queued, "gone", clock=clock, registry=Registry()) is Verdict.REQUEUE


def test_of_two_watchers_one_deals_with_it(queued: Run, clock: FakeClock) -> None:
    seen = [Run.objects.get(), Run.objects.get()]
    assert [recovery.deal_with(run, "gone", clock=clock) for run in seen] == ["requeue", None]
    assert kinds(queued) == ["queued", "start", "requeue"]
    assert OrmQ.objects.count() == 1


@pytest.mark.parametrize("whose", ["run", "queued"])
def test_a_process_that_is_heard_of_at_the_last_moment_keeps_its_run(
    whose: str, request: pytest.FixtureRequest, clock: FakeClock
) -> None:
    """Its commit lasted longer than its lease; whoever saw that waited for the commit's end."""
    seen: Run = request.getfixturevalue(whose)
    clock(200)
    assert fence.beat(seen.pk, seen.fence, now=clock.now())
    assert recovery.deal_with(seen, "no word of it", clock=clock) is None
    assert status(seen) == RunStatus.RUNNING


def test_who_comes_second_marks_nothing(
    run: Run, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_meanwhile(seen: Run, now: dt.datetime) -> str:
        runs.finish(Run.objects.get(pk=run.pk), RunStatus.COMPLETED, clock=clock)
        return "gone"

    monkeypatch.setattr("popflix.engine.recovery.why_lost", taken_meanwhile)
    assert reclaim_lost(clock=clock) == []
    assert status(run) == RunStatus.COMPLETED


def test_the_rows_of_a_lost_run_are_due_again_at_once(run: Run, clock: FakeClock) -> None:
    def give_back(lost: Run, prefix: str) -> None:
        work.release_rows(Job, token_prefix=prefix, now=clock.now(), since=lost.heartbeat_at)

    add_jobs(3, NOON - dt.timedelta(seconds=10))
    work.claim_rows(Job, token=f"{run.pk}-1-1", limit=3, lease_seconds=60, now=NOON)
    make_dead(run)
    clock(1)
    leases.on_run_lost(give_back)
    try:
        assert leases.on_run_lost(give_back) is give_back  # twice is once
        reclaim_lost(clock=clock)
    finally:
        leases.forget(give_back)
    assert set(Job.objects.values_list("due_at", "attempts")) == {(clock.now(), 0)}


def test_a_hook_that_breaks_does_not_keep_the_run(
    run: Run, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(lost: Run, prefix: str) -> None:
        Job.objects.create(name="half done")
        raise ValueError("hook")

    leases.on_run_lost(broken)
    try:
        make_dead(run)
        reclaim_lost(clock=clock)
    finally:
        leases.forget(broken)
    assert status(run) == RunStatus.LOST
    assert not Job.objects.exists()
    assert "row leases" in caplog.text
