"""The next attempt of a run that failed."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from popflix.engine import creating
from popflix.engine.creating import Order
from popflix.engine.models import Run
from popflix.engine.registry import Registry
from popflix.lib.errors import OperatorError


def store_next_attempt(run: Run, registry: Registry, now: dt.datetime, random01: float) -> bool:
    """Within the end of a failed run: store the attempt that follows; False: none does.

    It takes the slot that just became free, so that nothing comes between two attempts.
    """
    unit = registry.find(run.unit)
    if unit is None or run.attempt >= unit.retry.attempts or not _may_be_repeated(run):
        return False
    has_deadline = unit.retry.deadline_seconds is not None
    first = _first_queued_at(run) if has_deadline else run.queued_at
    at = unit.retry.next_attempt_at(run.attempt, first_queued_at=first, now=now, random01=random01)
    if at is None:
        return False
    why = f"attempt {run.attempt + 1} of {unit.retry.attempts}"
    order = Order(
        unit,
        run.params,
        run.trigger,
        on_queue=True,
        waits_as=f"retry-{run.pk}",
        not_before=at,
        why_later=why,
        attempt=run.attempt + 1,
        parent_id=run.parent_id,
        step=run.step,
        schedule_id=run.schedule_id,
        retry_of_id=run.pk,
        told={"why": why, "retry_of": run.pk, "not_before": at.isoformat()},
    )
    try:
        with transaction.atomic():
            creating.store(order, now)
            Run.objects.filter(pk=run.pk).update(dismissed_at=now)  # it is tried again
    except OperatorError:  # its parameters are refused by now: the error stands
        return False
    return True


def _may_be_repeated(run: Run) -> bool:
    """Not what belongs to a process, nor what was to be cancelled (asked since we read it?)."""
    if run.dispatched_at is None:
        return False
    asked = Run.objects.filter(pk=run.pk, cancel_requested_at__isnull=False)
    of_parent = Run.objects.filter(children=run.pk, cancel_requested_at__isnull=False)
    return not asked.exists() and not (run.parent_id is not None and of_parent.exists())


def _first_queued_at(run: Run) -> dt.datetime:
    """When the first attempt was queued."""
    while run.attempt > 1 and run.retry_of is not None:
        run = run.retry_of
    return run.queued_at
