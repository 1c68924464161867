"""Runs change by compare-and-set, each change with its event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

import pytest

from popflix.engine import cancelling, fence, leases, registry, runs, starting
from popflix.engine.context import RunContext
from popflix.engine.creating import Order
from popflix.engine.fence import FenceLost
from popflix.engine.liveness import this_process
from popflix.engine.models import Event, Run, RunStatus
from popflix.engine.starting import enqueue
from popflix.engine.states import TERMINAL, IllegalTransition
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import NOON, FakeClock, registered
from tests.popflix.engine.seen import kinds

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def nothing(ctx: RunContext) -> None:
    """The runs of these tests are never performed."""


@pytest.fixture(autouse=True)
def demo() -> Iterator[None]:
    with registered(nothing, "demo", slots=2), registered(nothing, "single"):
        yield


def make(clock: FakeClock, unit: str = "single", status: str = RunStatus.QUEUED) -> Run:
    return runs.create_run(unit, {"n": 1}, trigger="command", clock=clock, status=status)


def queued(clock: FakeClock, unit: str = "single") -> Run:
    return enqueue(unit, {"n": 1}, trigger="schedule", clock=clock)


def taken(clock: FakeClock, unit: str = "single") -> Run:
    """A run of the queue at work."""
    claimed = runs.claim_run(queued(clock, unit).pk, clock=clock)
    assert claimed is not None
    return claimed


def stored(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


# --- creating ---------------------------------------------------------------------------


def test_a_new_run_is_queued_in_the_first_free_slot(clock: FakeClock) -> None:
    first, second = make(clock, "demo"), make(clock, "demo")
    assert [first.active_key, second.active_key] == ["demo:0", "demo:1"]
    assert stored(first).status == RunStatus.QUEUED
    event = first.events.get()
    assert (event.kind, event.at, event.milestone_id) == ("queued", NOON, "unit.demo.queued")
    assert event.payload == {"trigger": "command"}


def test_a_run_born_running_belongs_to_this_process(clock: FakeClock) -> None:
    run = stored(make(clock, status=RunStatus.RUNNING))
    me = this_process()
    assert (run.host, run.pid, run.process_started_at) == (me.host, me.pid, me.started)
    assert (run.fence, run.lease_until) == (1, NOON + dt.timedelta(seconds=30))
    assert kinds(run) == ["queued", "start"]


def test_a_busy_unit_names_the_runs_that_hold_its_slots(clock: FakeClock) -> None:
    waiting, working = queued(clock, "demo"), make(clock, "demo", RunStatus.RUNNING)
    with pytest.raises(runs.Busy) as busy:
        make(clock, "demo")
    assert busy.value.holders == [waiting, working]
    assert f"run {waiting.pk} (queued, no process yet" in busy.value.cause
    assert f"run {working.pk} (running, process {working.pid} on" in busy.value.cause
    assert not Event.objects.exclude(run__in=[waiting, working]).exists()


def test_an_ended_run_frees_its_slot(clock: FakeClock) -> None:
    runs.finish(make(clock, status=RunStatus.RUNNING), RunStatus.COMPLETED, clock=clock)
    assert make(clock).active_key == "single:0"


def test_a_slot_taken_between_the_look_and_the_insert_is_passed_over(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(clock, "demo")
    monkeypatch.setattr("popflix.engine.slots._taken", lambda keys: set())
    assert make(clock, "demo").active_key == "demo:1"


def test_parameters_are_cleaned_before_anything_is_stored(clock: FakeClock) -> None:
    def clean(params: Mapping[str, object]) -> dict[str, object]:
        if "size" not in params:
            raise OperatorError("size is missing.", "Give --param size=1.")
        return {"size": int(str(params["size"]))}

    with registered(nothing, "choosy", clean_params=clean):
        run = runs.create_run("choosy", {"size": "3"}, trigger="command", clock=clock)
        assert stored(run).params == {"size": 3}
        with pytest.raises(OperatorError, match="size is missing"):
            runs.create_run("choosy", {}, trigger="command", clock=clock)


@pytest.mark.parametrize("odd", [float("nan"), "\udc80.csv", {1, 2}])
def test_parameters_that_are_no_json_are_refused_and_not_called_busy(
    odd: object, clock: FakeClock
) -> None:
    with pytest.raises(OperatorError, match="parameters of single cannot be stored"):
        enqueue("single", {"n": odd}, trigger="manager", clock=clock)
    assert not Run.objects.exists()


def test_an_unknown_unit_is_refused(clock: FakeClock) -> None:
    with pytest.raises(OperatorError, match="no unit nobody"):
        make(clock, "nobody")


def test_a_run_that_waits_passes_over_a_slot_that_was_taken_meanwhile(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    holders = [taken(clock, "demo"), taken(clock, "demo")]
    unit = registry.get("demo")
    order = Order(unit, {}, "schedule", on_queue=True, waits_as="schedule-1")
    waiting = starting.start(order, clock.now(), registry.registry)
    monkeypatch.setattr("popflix.engine.slots._taken", lambda keys: set())
    assert runs.claim_run(waiting.pk, clock=clock) is None
    runs.finish(holders[1], RunStatus.COMPLETED, clock=clock)
    claimed = runs.claim_run(waiting.pk, clock=clock)
    assert claimed is not None
    assert claimed.active_key == stored(claimed).active_key == "demo:1"


# --- claiming ---------------------------------------------------------------------------


def test_a_queued_run_is_claimed_once(clock: FakeClock) -> None:
    run = make(clock)
    claimed = runs.claim_run(run.pk, clock=clock)
    assert claimed is not None
    assert claimed.fence == 1
    assert runs.claim_run(run.pk, clock=clock) is None
    assert kinds(run) == ["queued", "start"]


def test_of_two_claims_that_read_the_same_state_one_loses_quietly(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(clock)
    seen = Run.objects.get(pk=run.pk)
    assert runs.claim_run(run.pk, clock=clock) is not None
    monkeypatch.setattr("popflix.engine.runs._read", lambda run_id: seen)
    assert runs.claim_run(run.pk, clock=clock) is None


def test_a_run_that_does_not_exist_is_no_error(clock: FakeClock) -> None:
    assert runs.claim_run(4711, clock=clock) is None


def test_a_parked_run_is_claimed_when_it_is_due(clock: FakeClock) -> None:
    run = taken(clock)
    runs.park(run, NOON + dt.timedelta(seconds=20), "told to", clock=clock)
    clock(10)
    assert runs.claim_run(run.pk, clock=clock) is None
    clock(9)  # a second early: the waking host's clock runs ahead
    claimed = runs.claim_run(run.pk, clock=clock)
    assert claimed is not None
    assert (claimed.fence, claimed.resume_at, claimed.wait_reason) == (2, None, "")
    assert kinds(run) == ["queued", "start", "waiting", "resume"]


def test_a_run_that_waits_in_its_own_process_is_nobody_elses(clock: FakeClock) -> None:
    run = make(clock, status=RunStatus.RUNNING)
    runs.park(run, NOON, "soon", clock=clock, in_process=True)
    assert runs.claim_run(run.pk, clock=clock) is None


def test_an_abandoned_run_is_taken_over_once_its_lease_ran_out(clock: FakeClock) -> None:
    returned: list[str] = []
    hook = leases.on_run_lost(lambda run, prefix: returned.append(prefix))
    try:
        run = taken(clock)
        clock(29)
        assert runs.claim_run(run.pk, clock=clock) is None
        clock(2)
        claimed = runs.claim_run(run.pk, clock=clock)
    finally:
        leases.forget(hook)
    assert claimed is not None
    assert claimed.fence == 2
    assert returned == [f"{run.pk}-1-"]
    assert kinds(run) == ["queued", "start", "requeue", "start"]


def test_the_old_holder_can_do_nothing_any_more(clock: FakeClock) -> None:
    old = taken(clock)
    clock(31)
    assert runs.claim_run(old.pk, clock=clock) is not None
    before = stored(old)
    with pytest.raises(FenceLost):
        runs.finish(old, RunStatus.COMPLETED, clock=clock)
    with pytest.raises(FenceLost):
        runs.park(old, NOON, "why", clock=clock)
    with pytest.raises(FenceLost):
        runs.mark_lost(old, "why", clock=clock)
    now = clock.now()
    assert not fence.beat(old.pk, old.fence, now=now)
    assert not fence.advance(old.pk, old.fence, now=now, done=5)
    assert not fence.set_progress(old.pk, old.fence, now=now, done=5, total=5)
    assert stored(old).done_count == before.done_count
    assert kinds(old) == ["queued", "start", "requeue", "start"]


# --- ending -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_an_ending_frees_the_slot_and_tells_why(clock: FakeClock, status: str) -> None:
    run = make(clock, status=RunStatus.RUNNING)
    clock(7)
    runs.finish(run, status, clock=clock, error="api_key=abc broke", result={"n": 1}, signal="X")
    ended = stored(run)
    assert (ended.status, ended.active_key, ended.lease_until) == (status, None, None)
    assert ended.finished_at == clock.now()
    assert ended.result == {"n": 1}
    assert ended.error == "api_key=[secret] broke"
    event = run.events.order_by("id").last()
    assert event is not None
    assert event.payload == {"why": "api_key=[secret] broke", "signal": "X"}
    assert event.milestone_id == f"unit.single.{status}"


def test_an_ended_run_ends_only_once(clock: FakeClock) -> None:
    run = make(clock, status=RunStatus.RUNNING)
    stale = stored(run)
    runs.finish(run, RunStatus.COMPLETED, clock=clock)
    with pytest.raises(IllegalTransition):
        runs.finish(run, RunStatus.ERROR, clock=clock)
    with pytest.raises(FenceLost):
        runs.finish(stale, RunStatus.ERROR, clock=clock)
    assert stored(run).status == RunStatus.COMPLETED


def test_a_queued_run_is_cancelled_at_once(clock: FakeClock) -> None:
    run = make(clock)
    assert cancelling.cancel(run.pk, by="ada", why="not now", clock=clock).status == "cancelled"
    event = run.events.order_by("id").last()
    assert event is not None
    assert event.payload == {"why": "not now", "by": "ada"}


def test_a_running_run_is_asked_to_end(clock: FakeClock) -> None:
    run = make(clock, status=RunStatus.RUNNING)
    cancelling.cancel(run.pk, by="ada", clock=clock)
    assert stored(run).status == RunStatus.RUNNING
    assert stored(run).cancel_requested_at == NOON
    assert kinds(run) == ["queued", "start", "note"]


def test_a_run_claimed_while_it_is_cancelled_is_asked_to_end(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(clock)
    seen = stored(run)
    assert runs.claim_run(run.pk, clock=clock) is not None
    monkeypatch.setattr("popflix.engine.cancelling._read", lambda run_id: seen)
    assert cancelling.cancel(run.pk, by="ada", clock=clock).status == RunStatus.RUNNING
    assert stored(run).cancel_requested_at == NOON


def test_a_run_that_is_parked_while_it_is_cancelled_does_not_wait_for_its_time(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = taken(clock)
    seen = stored(run)
    runs.park(run, NOON + dt.timedelta(minutes=20), "Retry-After", clock=clock)
    monkeypatch.setattr("popflix.engine.cancelling._read", lambda run_id: seen)
    cancelling.cancel(run.pk, by="ada", clock=clock)
    assert (stored(run).status, stored(run).active_key) == (RunStatus.CANCELLED, None)


def test_only_an_active_run_can_be_cancelled(clock: FakeClock) -> None:
    with pytest.raises(OperatorError, match="does not exist"):
        cancelling.cancel(4711, by="ada", clock=clock)
    run = make(clock)
    cancelling.cancel(run.pk, by="ada", clock=clock)
    with pytest.raises(OperatorError, match="has ended as cancelled"):
        cancelling.cancel(run.pk, by="ada", clock=clock)


# --- who waits --------------------------------------------------------------------------


def test_somebody_waits_when_a_run_is_ready_and_nobody_works_on_it(clock: FakeClock) -> None:
    assert not runs.someone_waits(NOON)
    make(clock, "demo")  # it waits for its own process
    assert not runs.someone_waits(NOON)
    run = queued(clock)
    assert runs.someone_waits(NOON)
    claimed = runs.claim_run(run.pk, clock=clock)
    assert claimed is not None
    assert not runs.someone_waits(NOON)
    runs.park(claimed, NOON + dt.timedelta(seconds=5), "told to", clock=clock)
    assert not runs.someone_waits(NOON)
    assert runs.someone_waits(NOON + dt.timedelta(seconds=5))
