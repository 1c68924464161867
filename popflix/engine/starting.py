"""Starting units through the queue: what commands, the admin and the watcher call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from popflix.engine import creating, groups
from popflix.engine.changes import whole
from popflix.engine.creating import Order
from popflix.engine.events import tell
from popflix.engine.models import Run, RunStatus
from popflix.engine.pauses import is_paused, require_not_paused
from popflix.engine.registry import Mode, Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.slots import Busy, take_a_slot
from popflix.engine.states import FAILED, Kind
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import OperatorError


def enqueue(
    unit: str,
    params: Mapping[str, object],
    *,
    trigger: str,
    clock: Clock = SYSTEM_CLOCK,
    registry: Registry = all_units,
    by: str = "",
) -> Run:
    """Store a queued run and its deliveries in one transaction; of a process the whole group.

    A second trigger of a busy unit is recorded as skipped, with the runs that hold it. Raises
    OperatorError (unknown unit, wrong parameter), Paused and Busy.
    """
    require_not_paused(unit)
    told = {"by": by} if by else {}
    order = Order(registry.get(unit), params, trigger, on_queue=True, told=told)
    try:
        return start(order, clock.now(), registry)
    except Busy as busy:
        record_skip(unit, busy, clock.now(), trigger=trigger, **told)
        raise


def start(order: Order, now: dt.datetime, registry: Registry, *, first_step: int = 0) -> Run:
    """Store what the order wants, all or nothing: a run, or a parent with its first children."""

    def store() -> Run:
        if order.unit.mode == Mode.WORKER:
            return creating.store(order, now)
        parent = creating.store_parent(order, now, first_step=first_step)
        if parent.slot is not None or order.unit.mode == Mode.SPREAD:
            groups.start_children(parent, order.unit, registry, now)
        return parent

    return whole(store)


def record_skip(unit: str, busy: Busy, now: dt.datetime, **told: object) -> None:
    """One event that says which runs were in the way."""
    holders = [holder.pk for holder in busy.holders]
    tell(None, unit, Kind.SKIP, now, payload={"holders": holders, "why": busy.cause, **told})


def retry(
    run_id: int,
    *,
    by: str,
    not_before: dt.datetime | None = None,
    clock: Clock = SYSTEM_CLOCK,
    registry: Registry = all_units,
) -> Run:
    """Start a failed run once more, as a new run; a sequence goes on at the step that failed.

    With `not_before` it is one of many: a worker starts then, or when a slot becomes free. The
    failed run is a dead letter no longer. Raises OperatorError, Paused and Busy.
    """
    now = clock.now()
    failed = Run.objects.filter(pk=run_id).first()
    if failed is None or failed.status not in {*FAILED, RunStatus.CANCELLED}:
        state = "does not exist" if failed is None else f"is {failed.status}"
        raise OperatorError(f"Run {run_id} {state}.", "Choose a run that failed.")
    if failed.parent is not None:
        raise OperatorError(
            f"Run {run_id} is part of run {failed.parent.pk}.", "Retry that one as a whole."
        )
    require_not_paused(failed.unit)
    unit = registry.get(failed.unit)
    may_wait = not_before is not None and unit.mode == Mode.WORKER
    is_later = not_before is not None and not_before > now
    order = Order(
        unit,
        failed.params,
        "retry",
        on_queue=True,
        retry_of_id=failed.pk,
        waits_as=f"again-{failed.pk}" if may_wait else "",
        not_before=not_before if may_wait and is_later else None,
        told={"by": by, "retry_of": failed.pk},
    )

    def start_again() -> Run:
        _require_no_retry_at_work(failed.pk)
        # Of a sequence the steps that completed are done; of all else nothing is.
        done = failed.ok_count if failed.mode == Mode.SEQUENTIAL else 0
        run = start(order, now, registry, first_step=done)
        Run.objects.filter(pk=failed.pk).update(dismissed_at=now)
        return run

    return whole(start_again)


def _require_no_retry_at_work(failed_id: int) -> None:
    """Of two who ask at the same moment the second one sees the first: no work is done twice."""
    list(Run.objects.select_for_update().filter(pk=failed_id).values_list("pk"))
    again = Run.objects.filter(retry_of=failed_id, active_key__isnull=False).first()
    if again is not None:
        raise OperatorError(
            f"Run {failed_id} is tried again already, as run {again.pk}.",
            "Wait until that has ended, or cancel it first.",
        )


def begin(parent: Run, registry: Registry, now: dt.datetime) -> bool:
    """Start a process that waited for its slot; False while there is none or it is paused.

    Raises OperatorError when its workers cannot be started.
    """
    unit = registry.get(parent.unit)

    def take() -> bool:
        if is_paused(parent.unit) or not take_a_slot(parent, unit):
            return False
        groups.start_children(parent, unit, registry, now)
        return True

    return whole(take, parent)
