"""The end of a run, with all that follows from it in the same transaction."""

from __future__ import annotations

import datetime as dt
import logging
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

log = logging.getLogger(__name__)
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
    beside: Callable[[], None] = lambda: None,
    **payload: object,
) -> None:
    """End a run and free its slot in one UPDATE; `payload` goes into the event.

    In the same transaction: the next attempt where the unit's policy grants one (`may_retry`
    False for an error that only a person can mend), what its parent does next, the delivery of a
    run that waited for the slot, the notification, and what `beside` writes. Raises FenceLost when
    the run is not ours any more.
    """
    now = clock.now()
    is_seen = _is_seen_by_its_operator(run, status, may_retry)
    columns = _columns(now, error, result, is_seen)
    told = {"why": error} if error else {}

    def end() -> None:
        parent = groups.locked_parent(run)
        change(run, _KINDS[Status(status)], now, columns, **told, **payload)
        beside()
        is_tried_again = (
            may_retry
            and status == RunStatus.ERROR
            and store_next_attempt(run, registry, now, random01())
        )
        if is_tried_again:
            return
        _after(run, now, is_told=is_seen)
        if parent is not None:
            ended = groups.child_ended(parent, run, registry, now)
            if ended is not None:
                _after(ended, now)

    whole(end, run)
    if run.dispatched_at is not None:  # a foreground command tells its end by itself
        log.info("run %s of %s: %s%s", run.pk, run.unit, run.status, _after_seconds(run, now))


def _columns(
    now: dt.datetime, error: str, result: Mapping[str, object] | None, is_seen: bool
) -> dict[str, Any]:
    """What one UPDATE stores beside the status."""
    columns: dict[str, Any] = {
        "active_key": None,
        "finished_at": now,
        "lease_until": None,
        "resume_at": None,
        "wait_reason": "",
        "error": redact(error),
        "error_group": error_group(redact(error)),
    }
    if is_seen:
        columns["dismissed_at"] = now
    if result is not None:  # else what a claim before this one found out stays
        columns["result"] = storable(result)
    return columns


def _after_seconds(run: Run, now: dt.datetime) -> str:
    return f" after {(now - run.started_at).total_seconds():.1f} s" if run.started_at else ""


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


def _is_seen_by_its_operator(run: Run, status: str, may_retry: bool) -> bool:
    """An error that a person must mend, told to that person's own terminal: neither a dead letter
    nor news for anybody else."""
    return status == RunStatus.ERROR and not may_retry and run.dispatched_at is None


def _after(ended: Run, now: dt.datetime, *, is_told: bool = False) -> None:
    delivery.wake_next(ended.unit, now)
    if not is_told:
        notifications.about_end(ended, now)


def mark_lost(run: Run, why: str, *, clock: Clock, registry: Registry = all_units) -> None:
    """End a run whose process is gone and give its rows back.

    Raises FenceLost when somebody was faster.
    """

    def end() -> None:
        finish(run, RunStatus.LOST, clock=clock, error=why, registry=registry)
        return_leases(run)

    whole(end, run)
