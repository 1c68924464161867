"""Finding runs whose process is gone, without waiting for a watcher."""

from __future__ import annotations

import datetime as dt
import logging

from popflix.engine import runs
from popflix.engine.fence import LEASE_SECONDS, FenceLost
from popflix.engine.models import Run, RunStatus
from popflix.engine.processes import Process, is_alive
from popflix.lib.clock import Clock

log = logging.getLogger(__name__)
# A live process of this host that beats late (a long transaction on SQLite) keeps its run.
PATIENCE_SECONDS = 4 * LEASE_SECONDS


def reclaim_lost(*, clock: Clock) -> list[Run]:
    """Mark the runs of dead processes `lost` and give their rows back. Returns them.

    A process of this host is looked at; of any other host only an expired lease tells.
    """
    active = Run.objects.filter(status__in=[RunStatus.RUNNING, RunStatus.WAITING])
    found = []
    for run in active.filter(pid__isnull=False):
        why = why_lost(run, clock.now())
        if why and _mark(run, why, clock):
            found.append(run)
    return found


def why_lost(run: Run, now: dt.datetime) -> str:
    """One clause saying how we know that the run's process is gone; empty when it is not."""
    process = Process(run.host, run.pid or 0, run.process_started_at)
    alive = is_alive(process)
    if alive is False:
        return f"process {process.pid} on this host is gone"
    patience = dt.timedelta(seconds=PATIENCE_SECONDS if alive else 0)
    if run.lease_until is None or run.lease_until + patience >= now:
        return ""
    return f"process {process.pid} on {run.host} has not been heard of since {run.heartbeat_at}"


def _mark(run: Run, why: str, clock: Clock) -> bool:
    try:
        runs.mark_lost(run, why, clock=clock)
    except FenceLost:
        return False
    log.warning("run %s of %s is lost: %s", run.pk, run.unit, why)
    return True
