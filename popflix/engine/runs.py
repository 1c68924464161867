"""The only place that changes a run's status, with the Event in the same transaction.

Every change is a compare-and-set on status and fence. Whoever loses one lost nothing: another
process holds the run now, or it has ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from popflix.engine.events import storable, tell
from popflix.engine.fence import FenceLost, lease_end
from popflix.engine.leases import return_leases
from popflix.engine.models import Run, RunStatus
from popflix.engine.processes import this_process
from popflix.engine.slots import Busy, store_in_a_free_slot
from popflix.engine.states import TERMINAL, Kind, Status, after, sources
from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError
from popflix.lib.redact import redact

__all__ = ["Busy", "cancel", "claim_run", "create_run", "finish", "mark_lost", "park", "resume"]

# A delivery may come a little early, woken by a host whose clock runs ahead.
EARLY_SECONDS = 2
_ENDINGS = {
    Status.COMPLETED: Kind.COMPLETE,
    Status.ERROR: Kind.ERROR,
    Status.CANCELLED: Kind.CANCEL,
    Status.LOST: Kind.LOST,
}


def create_run(
    unit: str,
    params: Mapping[str, object],
    *,
    trigger: str,
    clock: Clock,
    status: str = RunStatus.QUEUED,
    attempt: int = 1,
    parent: Run | None = None,
) -> Run:
    """Store a new run in the next free slot of its unit.

    Born RUNNING it belongs to this process at once, so that nobody else can start it first.
    Raises OperatorError for an unknown unit or a wrong parameter, and Busy.
    """
    now = clock.now()
    with transaction.atomic():
        run = store_in_a_free_slot(
            unit, params, trigger=trigger, attempt=attempt, parent=parent, queued_at=now
        )
        _tell(run, Kind.QUEUED, now, RunStatus.QUEUED, {"trigger": trigger})
        if status == RunStatus.RUNNING:
            _take(run, Kind.START, now)
    return run


def claim_run(run_id: int, *, clock: Clock) -> Run | None:
    """Take a run for this process: a queued one, a parked one that is due, an abandoned one.

    None when there is nothing to take: a delivery that comes twice, late or too early.
    """
    run = _read(run_id)
    now = clock.now()
    kind = None if run is None else _way_in(run, now)
    if run is None or kind is None:
        return None
    try:
        with transaction.atomic():
            if kind is Kind.REQUEUE:
                _change(run, Kind.REQUEUE, now, why="the lease ran out")
                return_leases(run)
                kind = Kind.START
            _take(run, kind, now)
    except FenceLost:
        return None
    return run


def _read(run_id: int) -> Run | None:
    return Run.objects.filter(pk=run_id).first()


def _way_in(run: Run, now: dt.datetime) -> Kind | None:
    if run.status == RunStatus.QUEUED:
        return Kind.START
    if run.status == RunStatus.WAITING:
        early = dt.timedelta(seconds=EARLY_SECONDS)
        is_due = run.resume_at is not None and run.resume_at <= now + early
        return Kind.RESUME if is_due and run.pid is None else None
    if run.status == RunStatus.RUNNING and run.lease_until is not None and run.lease_until < now:
        return Kind.REQUEUE
    return None


def _take(run: Run, kind: Kind, now: dt.datetime) -> None:
    me = this_process()
    columns = {
        "fence": run.fence + 1,
        "host": me.host,
        "pid": me.pid,
        "process_started_at": me.started,
        "started_at": run.started_at or now,
    }
    _change(run, kind, now, _awake(now) | columns, host=me.host, pid=me.pid)


def _awake(now: dt.datetime) -> dict[str, Any]:
    return {
        "heartbeat_at": now,
        "lease_until": lease_end(now),
        "resume_at": None,
        "wait_reason": "",
    }


def park(
    run: Run, resume_at: dt.datetime, why: str, *, clock: Clock, in_process: bool = False
) -> None:
    """Let a run wait. Unless `in_process`, it belongs to no process until a delivery takes it.

    Raises FenceLost.
    """
    columns: dict[str, Any] = {"resume_at": resume_at, "wait_reason": redact(why)}
    if not in_process:
        columns |= {"lease_until": None, "host": "", "pid": None, "process_started_at": ""}
    _change(run, Kind.WAITING, clock.now(), columns, why=why, resume_at=resume_at.isoformat())


def resume(run: Run, *, clock: Clock) -> None:
    """Go on after an `in_process` wait. Raises FenceLost."""
    now = clock.now()
    _change(run, Kind.RESUME, now, _awake(now))


def finish(
    run: Run,
    status: str,
    *,
    clock: Clock,
    error: str = "",
    result: Mapping[str, object] | None = None,
    **payload: object,
) -> None:
    """End a run and free its slot in one UPDATE; `payload` goes into the event.

    Raises FenceLost when the run is not ours any more.
    """
    now = clock.now()
    columns = {
        "active_key": None,
        "finished_at": now,
        "lease_until": None,
        "resume_at": None,
        "wait_reason": "",
        "error": redact(error),
        "result": storable(result or {}),
    }
    told = {"why": error} if error else {}
    _change(run, _ENDINGS[Status(status)], now, columns, **told, **payload)


def mark_lost(run: Run, why: str, *, clock: Clock) -> None:
    """End a run whose process is gone and give its rows back.

    Raises FenceLost when somebody was faster.
    """
    with transaction.atomic():
        finish(run, RunStatus.LOST, clock=clock, error=why)
        return_leases(run)


def cancel(run_id: int, *, by: str, why: str = "", clock: Clock) -> Run:
    """End a run that no process holds at once; ask the process of any other to end it.

    Raises OperatorError when there is no such run or it has ended.
    """
    run = _read(run_id)
    if run is None or run.status in TERMINAL:
        state = "does not exist" if run is None else f"has ended as {run.status}"
        raise OperatorError(f"Run {run_id} {state}.", "Choose a run that is active.")
    if run.pid is None:
        try:
            finish(run, RunStatus.CANCELLED, clock=clock, error=why, by=by)
        except FenceLost:  # a process took it just now
            run.refresh_from_db()
    if run.status not in TERMINAL:
        _ask_to_cancel(run, by, why, clock.now())
    return run


def _ask_to_cancel(run: Run, by: str, why: str, now: dt.datetime) -> None:
    with transaction.atomic():
        Run.objects.filter(pk=run.pk, active_key__isnull=False).update(cancel_requested_at=now)
        payload = {"text": f"{by} asked to cancel", "why": why}
        tell(run.pk, run.unit, Kind.NOTE, now, payload=payload)


def someone_waits(now: dt.datetime) -> bool:
    """Whether a run is ready that no process has taken yet."""
    ready = Run.objects.filter(status=RunStatus.QUEUED)
    parked = Run.objects.filter(status=RunStatus.WAITING, pid__isnull=True, resume_at__lte=now)
    return ready.exists() or parked.exists()


def _change(
    run: Run,
    kind: Kind,
    now: dt.datetime,
    columns: Mapping[str, Any] | None = None,
    **payload: object,
) -> None:
    """Compare-and-set on status and fence, and the event; `run` then shows what is stored."""
    new = {**(columns or {}), "status": after(run.status, kind)}
    with transaction.atomic():
        ours = Run.objects.filter(pk=run.pk, fence=run.fence, status__in=sources(kind))
        if not ours.update(**new):
            raise FenceLost(run.pk, run.fence)
        _tell(run, kind, now, new["status"], payload)
    for column, value in new.items():
        setattr(run, column, value)


def _tell(
    run: Run, kind: Kind, now: dt.datetime, status: str, payload: Mapping[str, object]
) -> None:
    """A change of status is a milestone, too: `unit.<name>.<status>`."""
    milestone_id = f"unit.{run.unit}.{status}"
    tell(run.pk, run.unit, kind, now, milestone_id=milestone_id, payload=payload)
