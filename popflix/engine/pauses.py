"""Pausing and resuming units: the only writer of Pause, with the Event in the same transaction.

A unit is paused while any holder pauses it. An operator's pause ends by an operator alone; the
one of stop_all by start_all; a machine's when its release condition holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

from django.db import IntegrityError
from django.db.models import Exists, OuterRef, Q

from popflix.engine.changes import whole
from popflix.engine.delivery import wake_unit
from popflix.engine.events import storable, tell
from popflix.engine.models import Pause, Run, RunStatus
from popflix.engine.models.pauses import Holder
from popflix.engine.states import Kind
from popflix.lib.errors import OperatorError
from popflix.lib.redact import redact

# Of a run in a query: whether its unit is paused, or the process of which it is a worker.
RUN_IS_PAUSED = Exists(
    Pause.objects.filter(Q(unit=OuterRef("unit")) | Q(unit=OuterRef("parent__unit")))
)


class StopsUnit(OperatorError):  # noqa: N818 - what it does
    """Raised by a body: no run of its unit can succeed until what `cause` says is mended.

    The run ends as an error and the unit is paused by the machine in the same transaction, until
    the release condition of this name holds (`conditions`), which finds `memory` in the pause;
    without one until a person resumes it.
    """

    def __init__(
        self,
        cause: str,
        cure: str,
        *,
        condition: str = "",
        memory: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(cause, cure)
        self.condition = condition
        self.memory = dict(memory or {})


class Paused(OperatorError):  # noqa: N818 - a state, told as one
    """The unit is paused; the cause says by whom and why."""

    def __init__(self, unit: str, pauses: Iterable[Pause]) -> None:
        told = "; ".join(f"by {each.by}: {each.why}" for each in pauses)
        super().__init__(
            f"{unit} is paused ({told}).",
            f"Resume it first: python manage.py resume {unit}.",
        )


def pause(
    unit: str,
    *,
    by: str,
    why: str,
    now: dt.datetime,
    holder: str = Holder.OPERATOR,
    condition: str = "",
    memory: Mapping[str, object] | None = None,
    check_at: dt.datetime | None = None,
) -> bool:
    """Pause the unit for this holder; False when it pauses the unit already (nothing changes).

    Runs at work end their chunk and wait; nothing new starts. Raises OperatorError without a
    reason.
    """
    if not why.strip():
        raise OperatorError("A pause needs a reason.", "Say why, for whoever finds it.")
    row = Pause(unit=unit, holder=holder, at=now, by=by, why=redact(why))
    row.condition, row.memory, row.check_at = condition, storable(memory or {}), check_at

    def store() -> None:
        row.save(force_insert=True)
        payload = {"holder": str(holder), "by": by, "why": why}
        tell(None, unit, Kind.PAUSE, now, payload=payload)

    try:
        whole(store)
    except IntegrityError:
        return False
    return True


def resume(
    unit: str, *, by: str, now: dt.datetime, holders: Collection[str] | None = None, why: str = ""
) -> bool:
    """End the unit's pauses (of these holders); False when there was none.

    Once none is left, what waited for it is delivered again.
    """
    held = Pause.objects.filter(unit=unit)
    if holders is not None:
        held = held.filter(holder__in=holders)

    def end() -> bool:
        has_ended = False
        for row in held.order_by("holder"):
            # Of two that resume at the same moment one deletes the row, and tells.
            if Pause.objects.filter(pk=row.pk).delete()[0]:
                payload = {"holder": row.holder, "by": by, "why": why}
                tell(None, unit, Kind.RESUME, now, payload=payload)
                has_ended = True
        if has_ended and not is_paused(unit):
            wake_unit(unit, now)
        return has_ended

    return whole(end)


def is_paused(unit: str) -> bool:
    return Pause.objects.filter(unit=unit).exists()


def require_not_paused(unit: str) -> None:
    """Raises Paused."""
    pauses = list(Pause.objects.filter(unit=unit).order_by("at"))
    if pauses:
        raise Paused(unit, pauses)


def holds(run: Run) -> bool:
    """Whether the run's unit is paused, or the process of which it is a worker."""
    units = paused_units()  # all of them: cheaper than to ask for some
    if not units or run.unit in units:
        return bool(units)
    return run.parent is not None and run.parent.unit in units


def paused_units() -> set[str]:
    return set(Pause.objects.values_list("unit", flat=True))


def why_paused(*units: str) -> str:
    """For the run that stops for it: "paused by anna: the disk is full"; empty when none is."""
    first = Pause.objects.filter(unit__in=units).order_by("at").first()
    return f"paused by {first.by}: {first.why}" if first else ""


def runs_held(unit: str) -> int:
    """How many runs wait for the unit's resumption."""
    waiting = Run.objects.filter(unit=unit, status__in=[RunStatus.QUEUED, RunStatus.WAITING])
    return waiting.filter(pid__isnull=True, mode="").count()
