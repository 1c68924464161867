"""Storing a new run: its parameters cleaned, its slot taken, its event told, its delivery sent."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction

from popflix.engine import delivery
from popflix.engine.changes import tell_change
from popflix.engine.liveness import this_process
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Mode, Unit
from popflix.engine.slots import spread_key, store_alone, store_in_a_free_slot
from popflix.engine.states import Kind
from popflix.lib.errors import OperatorError
from popflix.lib.redact import redact


@dataclass(frozen=True)
class Order:
    """A run that is wanted.

    `on_queue`: a delivery brings it, and it outlives any process; else it belongs to the process
    that stores it and dies with it. `waits_as` (≤ 30 characters, from a lower-case letter before
    z on) lets it wait for a slot, once under that name. `not_before` holds back an attempt for
    its back-off; `told` goes into its first event.
    """

    unit: Unit
    params: Mapping[str, object]
    trigger: str
    on_queue: bool = False
    waits_as: str = ""
    not_before: dt.datetime | None = None
    why_later: str = ""
    attempt: int = 1
    parent_id: int | None = None
    step: int | None = None
    schedule_id: int | None = None
    retry_of_id: int | None = None
    told: Mapping[str, object] = field(default_factory=dict)


def store(order: Order, now: dt.datetime) -> Run:
    """Store a QUEUED run of a worker and, on the queue, send its delivery.

    Raises OperatorError for a wrong parameter and for a process, and Busy.
    """
    if order.unit.is_process:
        raise OperatorError(
            f"{order.unit.name} is a process: it has no work of its own.",
            f"Start it as one: python manage.py run_process {order.unit.name}.",
        )
    run = _made(order, now)
    if not order.on_queue:
        me = this_process()
        run.host, run.pid, run.process_started_at = me.host, me.pid, me.started
    with transaction.atomic():
        store_in_a_free_slot(run, order.unit, waits_as=order.waits_as)
        _told(run, order, now)
        if order.on_queue and run.slot is not None and order.not_before is None:
            delivery.send(run)
    return run


def store_parent(order: Order, now: dt.datetime, *, first_step: int = 0) -> Run:
    """Store the QUEUED run of a process or of a spread worker; its children do the work.

    The steps before `first_step` count as done. Raises OperatorError for a wrong parameter, and
    Busy.
    """
    run = _made(order, now)
    run.mode = order.unit.mode
    with transaction.atomic():
        if order.unit.mode == Mode.SPREAD:
            store_alone(run, order.unit, spread_key(order.unit))
        else:
            run.total_count = len(order.unit.workers)
            run.done_count = run.ok_count = first_step
            store_in_a_free_slot(run, order.unit, waits_as=order.waits_as)
        _told(run, order, now)
    return run


def _made(order: Order, now: dt.datetime) -> Run:
    params = order.unit.clean_params(order.params)
    _require_json(order.unit, params)
    run = Run(unit=order.unit.name, params=params, trigger=order.trigger, attempt=order.attempt)
    run.parent_id, run.step = order.parent_id, order.step
    run.schedule_id, run.retry_of_id = order.schedule_id, order.retry_of_id
    run.queued_at, run.resume_at, run.wait_reason = now, order.not_before, order.why_later
    if order.on_queue:
        for column, value in delivery.first_delivery(now).items():
            setattr(run, column, value)
    return run


def _require_json(unit: Unit, params: Mapping[str, object]) -> None:
    """Else the database would refuse the row, which reads as if another run had its key."""
    try:
        json.dumps(params, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise OperatorError(
            f"The parameters of {unit.name} cannot be stored: {redact(str(error))}.",
            "Give texts, finite numbers, lists and objects, as JSON has them.",
        ) from None


def _told(run: Run, order: Order, now: dt.datetime) -> None:
    payload = {"trigger": order.trigger, **order.told}
    tell_change(run, Kind.QUEUED, now, RunStatus.QUEUED, payload)
