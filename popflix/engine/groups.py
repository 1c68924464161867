"""Runs that work through children: processes and spread workers.

A parent has no body and no lease. It starts with its first child, counts the ends of its
children, and ends with the last of them. Every end of a child locks the parent's row first, so
that of two children that end at the same moment one sees the other, and exactly one ends the
parent.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from popflix.engine import creating, steps
from popflix.engine.changes import change
from popflix.engine.creating import Order
from popflix.engine.fence import FenceLost
from popflix.engine.grouping import error_group
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Mode, Params, Registry, Unit
from popflix.engine.slots import Busy, free_slots, holders
from popflix.engine.states import FAILED, Kind
from popflix.lib.errors import OperatorError

# --- beginning --------------------------------------------------------------------------------


def start_children(parent: Run, unit: Unit, registry: Registry, now: dt.datetime) -> list[Run]:
    """Store the children a parent begins with, a sequence after the steps that are done.

    Raises OperatorError and Busy.
    """
    if unit.mode == Mode.SPREAD:
        return _spread(parent, unit, now)
    steps = range(len(unit.workers))
    if unit.mode == Mode.SEQUENTIAL:
        steps = steps[parent.ok_count : parent.ok_count + 1]
        if not steps:
            raise OperatorError(f"All steps of {unit.name} are done.", "Run it anew instead.")
    return [_store_step(parent, unit, step, registry, now) for step in steps]


def _spread(parent: Run, unit: Unit, now: dt.datetime) -> list[Run]:
    free = free_slots(unit)
    if not free:
        raise Busy(unit.name, holders(unit))
    shares = unit.split(parent.params, len(free))
    if not shares:
        raise OperatorError(f"{unit.name} has nothing to spread.", "Give it other parameters.")
    return [_store_child(parent, unit, n, share, now) for n, share in enumerate(shares)]


def _store_step(parent: Run, unit: Unit, step: int, registry: Registry, now: dt.datetime) -> Run:
    return _store_child(parent, registry.get(unit.workers[step]), step, parent.params, now)


def _store_child(parent: Run, unit: Unit, step: int, params: Params, now: dt.datetime) -> Run:
    """It waits for a slot of its unit where there is none."""
    order = Order(
        unit,
        params,
        "parent",
        on_queue=parent.dispatched_at is not None,
        waits_as=f"step-{parent.pk}-{step}",
        parent_id=parent.pk,
        step=step,
        told={"parent": parent.pk},
    )
    return creating.store(order, now)


def child_starts(child: Run, now: dt.datetime) -> None:
    """Within the child's start, before it: the first one starts its parent."""
    if child.parent_id is None:
        return
    parent = Run.objects.filter(pk=child.parent_id, status=RunStatus.QUEUED).first()
    if parent is not None:
        with contextlib.suppress(FenceLost):  # another child was faster
            change(parent, Kind.START, now, {"started_at": now})


# --- ending -----------------------------------------------------------------------------------


def locked_parent(child: Run) -> Run | None:
    """The first statement of a child's end: only one child at a time gets past it."""
    if child.parent_id is None:
        return None
    return Run.objects.select_for_update().filter(pk=child.parent_id).first()


def child_ended(parent: Run, child: Run, registry: Registry, now: dt.datetime) -> Run | None:
    """Within the end of a child for good: what its locked parent does next.

    Returns the parent if that ended, too.
    """
    _count_in(parent, child, now)
    trouble = ""
    if parent.mode == Mode.SEQUENTIAL and child.status == RunStatus.COMPLETED:
        next_step = _next_step(parent, child, registry, now)
        if next_step is None:
            return None
        trouble = next_step
    return settle(parent, now, trouble=trouble)


def _count_in(parent: Run, child: Run, now: dt.datetime) -> None:
    """Add the child to its parent's counts: one worker of a process, a share of a spread run."""
    done, ok, failed = 1, int(child.status == RunStatus.COMPLETED), int(child.status in FAILED)
    if parent.mode == Mode.SPREAD:
        counts = Run.objects.values_list("done_count", "ok_count", "failed_count")
        done, ok, failed = counts.get(pk=child.pk)
    parent.done_count += done
    parent.ok_count += ok
    parent.failed_count += failed
    parent.heartbeat_at = now
    parent.save(update_fields=["done_count", "ok_count", "failed_count", "heartbeat_at"])


def _next_step(parent: Run, child: Run, registry: Registry, now: dt.datetime) -> str | None:
    """None: the next step is stored; else why there is none (empty: all are done)."""
    unit = registry.find(parent.unit)
    step = (child.step or 0) + 1
    if step >= (parent.total_count or 0) or parent.cancel_requested_at is not None:
        return ""
    if unit is None or step >= len(unit.workers):
        return f"step {step + 1} of {parent.unit} is known no longer"
    try:
        with transaction.atomic():
            _store_step(parent, unit, step, registry, now)
    except OperatorError as error:
        return f"{unit.workers[step]}: {error.cause}"
    return None


def stop_with(child: Run, now: dt.datetime) -> None:
    """Before the end of a child whose process was told to stop: that ends its parent, too."""
    if child.parent_id is not None:
        Run.objects.filter(pk=child.parent_id).update(cancel_requested_at=now)


def settle(parent: Run, now: dt.datetime, *, trouble: str = "") -> Run | None:
    """End the locked parent if none of its children is active; None when it is not over."""
    if parent.active_key is None or _children(parent).filter(active_key__isnull=False).exists():
        return None
    failures = _failures(parent)
    if trouble:
        failures.append(trouble)
    error = "; ".join(failures)
    told: Mapping[str, object] = {"why": error} if error else {}
    columns = {
        "active_key": None,
        "finished_at": now,
        "resume_at": None,
        "wait_reason": "",
        "error": error,
        "error_group": error_group(error),
        "result": {} if parent.mode == Mode.SPREAD else steps.results(parent.pk),
    }
    change(parent, _end_kind(parent, bool(failures)), now, columns, **told)
    return parent


def _end_kind(parent: Run, has_failed: bool) -> Kind:
    if parent.cancel_requested_at is not None:
        return Kind.CANCEL
    return Kind.ERROR if has_failed else Kind.COMPLETE


def _failures(parent: Run) -> list[str]:
    """One clause for each worker whose last run did not complete, in the order of the steps."""
    last: dict[int | None, Run] = {}
    for child in _children(parent).order_by("pk"):
        last[child.step] = child
    return [
        f"{child.unit} (run {child.pk}): {child.error or child.status}"
        for _, child in sorted(last.items(), key=lambda each: each[0] or 0)
        if child.status != RunStatus.COMPLETED
    ]


def _children(parent: Run) -> QuerySet[Run]:
    return Run.objects.filter(parent_id=parent.pk)
