"""The fenced UPDATEs of a run that works: each prolongs the lease, none changes the status.

A claim raises the run's fence; whoever holds an older one matches no row and writes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import F

from popflix.engine.models import Run, RunStatus

LEASE_SECONDS = 30
BEAT_SECONDS = 10


class FenceLost(Exception):  # noqa: N818 - losing a claim is normal, not an error
    """Another process holds the run now, or it was ended: write nothing more."""

    def __init__(self, run_id: int, fence: int) -> None:
        super().__init__(f"run {run_id} no longer belongs to claim {fence}")


def lease_end(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=LEASE_SECONDS)


def beat(run_id: int, fence: int, *, now: dt.datetime) -> bool:
    """Prolong the lease of a run that works or waits in its process. False: fence lost."""
    return _update(run_id, fence, now, {}, RunStatus.RUNNING, RunStatus.WAITING)


def is_silent(run_id: int, fence: int, *, now: dt.datetime) -> bool:
    """Whether two beats of this claim were left out; False also when it is not this claim's."""
    latest = now - dt.timedelta(seconds=2 * BEAT_SECONDS)
    return Run.objects.filter(pk=run_id, fence=fence, heartbeat_at__lte=latest).exists()


def advance(
    run_id: int,
    fence: int,
    *,
    now: dt.datetime,
    done: int = 0,
    ok: int = 0,
    failed: int = 0,
    total: int | None = None,
) -> bool:
    """The UPDATE that opens every commit: adds to the counts, sets the total if one is given.

    False: fence lost.
    """
    counts = {"done_count": done, "ok_count": ok, "failed_count": failed}
    added: dict[str, Any] = {name: F(name) + n for name, n in counts.items() if n}
    if total is not None:
        added["total_count"] = total
    return _update(run_id, fence, now, {**added, "progressed_at": now}, RunStatus.RUNNING)


def set_progress(
    run_id: int, fence: int, *, now: dt.datetime, done: int | None, total: int | None
) -> bool:
    """Store absolute counts; None leaves one as it is. False: fence lost."""
    counts = {"done_count": done, "total_count": total}
    given = {name: n for name, n in counts.items() if n is not None}
    return _update(run_id, fence, now, {**given, "progressed_at": now}, RunStatus.RUNNING)


def require_silence(run: Run) -> None:
    """Nothing was heard of the run's process since `run` was read. Raises FenceLost.

    A commit of that process that lasts longer than the lease keeps its beat from being seen: it is
    waited for here, and then the run is not taken from a process that lives.
    """
    heard = Run.objects.select_for_update().filter(pk=run.pk)
    if list(heard.values_list("heartbeat_at", flat=True)) != [run.heartbeat_at]:
        raise FenceLost(run.pk, run.fence)


def _update(
    run_id: int, fence: int, now: dt.datetime, columns: Mapping[str, Any], *statuses: str
) -> bool:
    held = Run.objects.filter(pk=run_id, fence=fence, status__in=statuses, pid__isnull=False)
    return bool(held.update(heartbeat_at=now, lease_until=lease_end(now), **columns))
