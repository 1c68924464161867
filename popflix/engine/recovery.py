"""Finding runs whose process is gone, and what becomes of them."""

from __future__ import annotations

import datetime as dt
import logging

from popflix.engine import delivery, groups, runs
from popflix.engine.changes import whole
from popflix.engine.fence import LEASE_SECONDS, FenceLost, require_silence
from popflix.engine.leases import return_leases
from popflix.engine.liveness import Process, is_alive
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.retry import Verdict
from popflix.lib.clock import Clock

log = logging.getLogger(__name__)
# A live process of this host that beats late (a long transaction on SQLite) keeps its run.
PATIENCE_SECONDS = 4 * LEASE_SECONDS
# Nobody beats for a run that a process stored for itself and has not begun yet.
NOT_BEGUN_SECONDS = 24 * 3600
_ENDED = {Verdict.CANCEL: RunStatus.CANCELLED, Verdict.LOST: RunStatus.LOST}


def reclaim_lost(*, clock: Clock, registry: Registry = all_units) -> list[Run]:
    """Deal with the runs of dead processes and give their rows back. Returns them.

    A process of this host is looked at; of any other host only an expired lease tells.
    """
    held = [RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING]
    active = Run.objects.filter(active_key__isnull=False, status__in=held, pid__isnull=False)
    found = []
    for run in active:
        why = why_lost(run, clock.now())
        if why and deal_with(run, why, clock=clock, registry=registry):
            found.append(run)
    return found


def why_lost(run: Run, now: dt.datetime) -> str:
    """One clause saying how we know that the run's process is gone; empty when it is not."""
    process = Process(run.host, run.pid or 0, run.process_started_at)
    alive = is_alive(process)
    if alive is False:
        return f"process {process.pid} on this host is gone"
    if run.status == RunStatus.QUEUED:
        patience, heard_at = NOT_BEGUN_SECONDS, run.queued_at
        is_silent = alive is None and heard_at + dt.timedelta(seconds=patience) < now
    else:
        patience, heard_at = PATIENCE_SECONDS if alive else 0, run.heartbeat_at or run.queued_at
        end = run.lease_until
        is_silent = end is not None and end + dt.timedelta(seconds=patience) < now
    if not is_silent:
        return ""
    return f"process {process.pid} on {run.host} has not been heard of since {heard_at}"


def deal_with(
    run: Run, why: str, *, clock: Clock, registry: Registry = all_units
) -> Verdict | None:
    """The run, just read, has no process any more: end it, or have another one go on with it.

    It ends as cancelled if that was asked for. A run on the queue is delivered again, unless it
    has crashed too often without progress; any other is lost. None when somebody was faster.
    """
    if run.pid is None or run.active_key is None:
        return None
    unit = registry.find(run.unit)
    verdict = runs.when_abandoned(run, unit)
    crashes = run.crash_count + 1

    def act() -> None:
        if verdict is Verdict.REQUEUE:
            runs.requeue(run, why, now=clock.now())
            delivery.deliver_again(run, clock.now())
            return
        groups.locked_parent(run)  # parents are locked before children, here as in `finish`
        require_silence(run)
        is_worn_out = verdict is Verdict.LOST and run.dispatched_at is not None
        cause = f"{why}, {crashes} times without progress" if is_worn_out else why
        runs.finish(run, _ENDED[verdict], clock=clock, error=cause, registry=registry)
        return_leases(run)

    try:
        whole(act, run)
    except FenceLost:
        return None
    log.warning("%s of run %s of %s: %s", verdict, run.pk, run.unit, why)
    return verdict
