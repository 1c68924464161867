"""Runs of dead processes are found, ended and their rows given back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from popflix.engine import leases, runs, work
from popflix.engine.context import RunContext
from popflix.engine.models import Run, RunStatus
from popflix.engine.recovery import reclaim_lost
from tests.popflix.engine.fakes import NOON, FakeClock, registered
from tests.popflix.engine.rows import Job, add_jobs

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


def test_queued_and_parked_runs_belong_to_nobody_who_could_die(run: Run, clock: FakeClock) -> None:
    runs.park(run, NOON, "told to", clock=clock)
    runs.create_run("demo", {}, trigger="admin", clock=clock)
    clock(100_000)
    assert reclaim_lost(clock=clock) == []


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
