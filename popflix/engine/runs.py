"""The only place that changes a run's status, with the Event in the same transaction.

Every change is a compare-and-set on status and fence. Whoever loses one lost nothing: another
process holds the run now, or it has ended. (`creating` stores new runs, `groups` moves parents,
`finishing` ends runs; its functions are called by their names here.)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from popflix.engine import creating, delivery, groups
from popflix.engine.changes import change, whole
from popflix.engine.creating import Order
from popflix.engine.events import storable
from popflix.engine.fence import FenceLost, lease_end, require_silence
from popflix.engine.finishing import finish, mark_lost, settle
from popflix.engine.leases import return_leases
from popflix.engine.liveness import Process, this_process
from popflix.engine.models import Run, RunStatus
from popflix.engine.pauses import RUN_IS_PAUSED, holds
from popflix.engine.registry import Registry, Unit
from popflix.engine.registry import registry as all_units
from popflix.engine.retry import RetryPolicy, Verdict, crashes_in_a_row, verdict
from popflix.engine.slots import Busy, take_a_slot
from popflix.engine.states import Kind
from popflix.lib.clock import Clock
from popflix.lib.redact import redact

__all__ = [
    "Busy", "claim_run", "create_run", "finish", "mark_lost", "park", "requeue",
    "resume", "settle", "someone_waits",
]  # fmt: skip

# A delivery may come a little early, woken by a host whose clock runs ahead.
EARLY_SECONDS = 2


def create_run(
    unit: str,
    params: Mapping[str, object],
    *,
    trigger: str,
    clock: Clock,
    status: str = RunStatus.QUEUED,
    registry: Registry = all_units,
) -> Run:
    """Store a run of a worker that belongs to this process, in the next free slot of its unit.

    Born RUNNING it is at work at once, so that nobody else can start it first. Raises
    OperatorError for an unknown unit, a process or a wrong parameter, and Busy.
    """
    now = clock.now()
    order = Order(registry.get(unit), params, trigger)

    def create() -> Run:
        run = creating.store(order, now)
        if status == RunStatus.RUNNING:
            _take(run, Kind.START, now)
        return run

    return whole(create)


# --- taking -----------------------------------------------------------------------------------


def claim_run(run_id: int, *, clock: Clock, registry: Registry = all_units) -> Run | None:
    """Take a run for this process: a queued one, a parked one that is due, an abandoned one.

    None when there is nothing to take: a delivery that comes twice, late or too early, a run of
    another process, a unit that is paused, has no free slot or is not known here.
    """
    now = clock.now()
    run = _read(run_id)
    unit = None if run is None else registry.find(run.unit)
    if run is None or unit is None or _way_in(run, unit, now) is None or holds(run):
        return None
    try:
        return whole(lambda: _claim(run, unit, now), run)
    except FenceLost:
        return None


def _claim(run: Run, unit: Unit, now: dt.datetime) -> Run | None:
    kind = _way_in(run, unit, now)
    if kind is Kind.REQUEUE:
        requeue(run, "the lease ran out", now=now)
        kind = Kind.START
    if kind is None or (run.slot is None and not take_a_slot(run, unit)):
        return None
    _take(run, kind, now)
    return run


def _read(run_id: int) -> Run | None:
    return next(iter(Run.objects.filter(pk=run_id)[:1]), None)


def _way_in(run: Run, unit: Unit, now: dt.datetime) -> Kind | None:
    if run.mode or not _may_be_ours(run):
        return None
    latest = now + dt.timedelta(seconds=EARLY_SECONDS)
    is_due = run.resume_at is not None and run.resume_at <= latest
    if run.status == RunStatus.QUEUED:
        return Kind.START if run.resume_at is None or is_due else None
    if run.status == RunStatus.WAITING:
        return Kind.RESUME if is_due and run.pid is None else None
    is_late = run.lease_until is not None and run.lease_until < now
    if run.status == RunStatus.RUNNING and is_late:
        # What is to be cancelled or has crashed too often is left to the watcher.
        return Kind.REQUEUE if when_abandoned(run, unit) is Verdict.REQUEUE else None
    return None


def _may_be_ours(run: Run) -> bool:
    """A run on the queue is anybody's, any other is for the process that stored it."""
    if run.dispatched_at is not None:
        return True
    return Process(run.host, run.pid or 0, run.process_started_at) == this_process()


def when_abandoned(run: Run, unit: Unit | None) -> Verdict:
    """What becomes of a run, just read, whose process is gone."""
    crashes = crashes_in_a_row(
        crash_count=run.crash_count,
        crashed_at_done=run.crashed_at_done,
        done_count=run.done_count,
    )
    return verdict(
        RetryPolicy() if unit is None else unit.retry,
        is_on_queue=run.dispatched_at is not None,
        is_cancel_requested=run.cancel_requested_at is not None,
        crashes=crashes,
    )


def _take(run: Run, kind: Kind, now: dt.datetime) -> None:
    me = this_process()
    columns = {
        "fence": run.fence + 1,
        "host": me.host,
        "pid": me.pid,
        "process_started_at": me.started,
        "started_at": run.started_at or now,
        "dispatch_count": 0,
    }
    groups.child_starts(run, now)  # parents are locked before children, here and at the end
    change(run, kind, now, _awake(now) | columns, host=me.host, pid=me.pid)


def _awake(now: dt.datetime) -> dict[str, Any]:
    return {
        "heartbeat_at": now,
        "progressed_at": now,
        "lease_until": lease_end(now),
        "resume_at": None,
        "wait_reason": "",
    }


_NOBODYS: dict[str, Any] = {
    "lease_until": None,
    "host": "",
    "pid": None,
    "process_started_at": "",
}


# --- waiting ----------------------------------------------------------------------------------


def park(
    run: Run,
    resume_at: dt.datetime | None,
    why: str,
    *,
    clock: Clock,
    in_process: bool = False,
    result: Mapping[str, object] | None = None,
    beside: Callable[[], None] = lambda: None,
) -> None:
    """Let a run wait. Unless `in_process`, it belongs to no process until a delivery takes it.

    `resume_at` None waits for the unit's resumption. A run that is due now is delivered in the
    same transaction; for any other the watcher does it in time. `result` is what the next claim
    finds as its earlier one; `beside` writes in the same transaction. Raises FenceLost.
    """
    now = clock.now()

    def wait() -> None:
        # Whoever resumed the unit just now did not see that this run would wait for it.
        at = resume_at if resume_at is not None or holds(run) else now
        columns: dict[str, Any] = {"resume_at": at, "wait_reason": redact(why)}
        is_due = at is not None and at <= now and not in_process
        if not in_process:
            columns |= _NOBODYS
        if result is not None:
            columns["result"] = storable(result)
        if is_due:
            columns |= delivery.first_delivery(now)
        until = at.isoformat() if at else None
        change(run, Kind.WAITING, now, columns, why=why, resume_at=until)
        beside()
        if is_due:
            delivery.send(run)

    whole(wait, run)


def resume(run: Run, *, clock: Clock) -> None:
    """Go on after an `in_process` wait. Raises FenceLost."""
    now = clock.now()
    whole(lambda: change(run, Kind.RESUME, now, _awake(now)), run)


def requeue(run: Run, why: str, *, now: dt.datetime) -> None:
    """Its process is gone: give its rows back and let a delivery take it over; count the crash.

    The crashes in a row count from the last one without any progress since. The caller delivers.
    Raises FenceLost.
    """
    done = Run.objects.values_list("done_count", flat=True).get(pk=run.pk)
    crashes = crashes_in_a_row(
        crash_count=run.crash_count, crashed_at_done=run.crashed_at_done, done_count=done
    )
    columns = {**_NOBODYS, "crash_count": crashes, "crashed_at_done": done}

    def give_up() -> None:
        require_silence(run)
        return_leases(run)
        change(run, Kind.REQUEUE, now, columns, why=why)

    whole(give_up, run)


def someone_waits(now: dt.datetime) -> bool:
    """Whether a run could start that no process has taken yet."""
    free = Run.objects.filter(~RUN_IS_PAUSED, mode="", pid__isnull=True, slot__isnull=False)
    ready = free.filter(status=RunStatus.QUEUED, resume_at=None)
    due = free.filter(status__in=[RunStatus.QUEUED, RunStatus.WAITING], resume_at__lte=now)
    return ready.exists() or due.exists()
