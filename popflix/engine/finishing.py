"""The end of a run, with all that follows from it in the same transaction."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from typing import Any

from popflix.engine import delivery, groups, notifications
from popflix.engine.attempts import store_next_attempt
from popflix.engine.changes import change, whole
from popflix.engine.events import storable
from popflix.engine.grouping import error_group
from popflix.engine.leases import return_leases
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.states import Kind, Status
from popflix.lib.clock import Clock
from popflix.lib.redact import redact

_KINDS = {
    Status.COMPLETED: Kind.COMPLETE,
    Status.ERROR: Kind.ERROR,
    Status.CANCELLED: Kind.CANCEL,
    Status.LOST: Kind.LOST,
}


def finish(
    run: Run,
    status: str,
    *,
    clock: Clock,
    error: str = "",
    result: Mapping[str, object] | None = None,
    may_retry: bool = True,
    registry: Registry = all_units,
    random01: Callable[[], float] = random.random,
    **payload: object,
) -> None:
    """End a run and free its slot in one UPDATE; `payload` goes into the event.

    In the same transaction: the next attempt where the unit's policy grants one (`may_retry`
    False for an error that only a person can mend), what its parent does next, the delivery of a
    run that waited for the slot, and the notification. Raises FenceLost when the run is not ours
    any more.
    """
    now = clock.now()
    columns: dict[str, Any] = {
        "active_key": None,
        "finished_at": now,
        "lease_until": None,
        "resume_at": None,
        "wait_reason": "",
        "error": redact(error),
        "error_group": error_group(redact(error)),
    }
    if result is not None:  # else what a claim before this one found out stays
        columns["result"] = storable(result)
    told = {"why": error} if error else {}

    def end() -> None:
        parent = groups.locked_parent(run)
        change(run, _KINDS[Status(status)], now, columns, **told, **payload)
        is_tried_again = (
            may_retry
            and status == RunStatus.ERROR
            and store_next_attempt(run, registry, now, random01())
        )
        if is_tried_again:
            return
        _after(run, now)
        if parent is not None:
            ended = groups.child_ended(parent, run, registry, now)
            if ended is not None:
                _after(ended, now)

    whole(end, run)


def settle(parent_id: int, now: dt.datetime) -> bool:
    """End a parent none of whose children is active any more; False when it goes on."""

    def end() -> bool:
        parent = Run.objects.select_for_update().filter(pk=parent_id).first()
        if parent is None or not _may_be_over(parent):
            return False
        if groups.settle(parent, now) is None:
            return False
        _after(parent, now)
        return True

    return whole(end)


def _may_be_over(parent: Run) -> bool:
    """One that waits for its slot has no children yet: it is over when it is cancelled."""
    return parent.cancel_requested_at is not None or parent.children.exists()


def _after(ended: Run, now: dt.datetime) -> None:
    delivery.wake_next(ended.unit, now)
    notifications.about_end(ended, now)


def mark_lost(run: Run, why: str, *, clock: Clock, registry: Registry = all_units) -> None:
    """End a run whose process is gone and give its rows back.

    Raises FenceLost when somebody was faster.
    """

    def end() -> None:
        finish(run, RunStatus.LOST, clock=clock, error=why, registry=registry)
        return_leases(run)

    whole(end, run)
