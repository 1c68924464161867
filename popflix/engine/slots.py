"""Slots: how many runs of a unit are active at once, kept by one nullable unique column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from popflix.engine import registry
from popflix.engine.models import Run
from popflix.lib.errors import OperatorError


class Busy(OperatorError):  # noqa: N818 - a state, told as one
    """Every slot of the unit is taken; the cause names the runs that hold them."""

    def __init__(self, unit: str, holders: list[Run]) -> None:
        self.holders = holders
        names = "; ".join(_describe(holder) for holder in holders)
        super().__init__(
            f"All slots of {unit} are taken: {names}.",
            "Wait until one of them ends, or stop its process with SIGTERM.",
        )


def store_in_a_free_slot(
    unit: str,
    params: Mapping[str, object],
    *,
    trigger: str,
    attempt: int,
    parent: Run | None,
    queued_at: dt.datetime,
) -> Run:
    """Insert a QUEUED run under the first `unit:slot` that nobody holds.

    Raises OperatorError for an unknown unit or a wrong parameter, and Busy.
    """
    definition = registry.get(unit)
    run = Run(unit=unit, params=definition.clean_params(params), trigger=trigger)
    run.attempt, run.parent, run.queued_at = attempt, parent, queued_at
    keys = [f"{unit}:{slot}" for slot in range(definition.slots)]
    taken = _taken(keys)
    for slot, key in enumerate(keys):
        if key not in taken and _insert(run, slot, key):
            return run
    raise Busy(unit, list(_holders(keys).order_by("slot")))


def _holders(keys: list[str]) -> QuerySet[Run]:
    return Run.objects.filter(active_key__in=keys)


def _taken(keys: list[str]) -> set[str | None]:
    return set(_holders(keys).values_list("active_key", flat=True))


def _insert(run: Run, slot: int, key: str) -> bool:
    """False when another process took the slot since we looked."""
    run.slot, run.active_key = slot, key
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _describe(run: Run) -> str:
    where = f"process {run.pid} on {run.host}" if run.pid else "no process yet"
    return f"run {run.pk} ({run.status}, {where}, since {run.queued_at:%Y-%m-%d %H:%M} UTC)"
