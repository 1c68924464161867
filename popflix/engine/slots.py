"""Slots: how many runs of a unit are active at once, kept by one nullable unique column."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Unit
from popflix.lib.errors import OperatorError


class Busy(OperatorError):  # noqa: N818 - a state, told as one
    """Every slot of the unit is taken; the cause names the runs that hold them."""

    def __init__(self, unit: str, holders: list[Run]) -> None:
        self.holders = holders
        names = "; ".join(_describe(holder) for holder in holders)
        super().__init__(
            f"All slots of {unit} are taken: {names}.",
            "Wait until one of them ends (python manage.py top shows them), or end one: "
            f"python manage.py cancel {holders[0].pk if holders else 'RUN'}.",
        )


def slot_keys(unit: Unit) -> list[str]:
    return [f"{unit.name}:{slot}" for slot in range(unit.slots)]


def waiting_key(unit: Unit, name: str) -> str:
    """The key of a run that waits for a slot; `name` says which of them it is, once."""
    return f"{unit.name}:queue:{name}"


def spread_key(unit: Unit) -> str:
    """The key of the one run that spreads over the unit's slots."""
    return f"{unit.name}:spread"


def active_keys(unit: str) -> Q:
    """The active runs of the unit by their key: a range of the unique index, however long the
    unit's history is. What follows a colon begins with a digit or a letter before z."""
    return Q(unit=unit, active_key__gte=f"{unit}:", active_key__lt=f"{unit}:z")


def waiting_keys(unit: str) -> Q:
    """Those that wait for a slot."""
    key = f"{unit}:queue:"
    return Q(active_key__gte=key, active_key__lt=f"{key}z")


def free_slots(unit: Unit) -> list[int]:
    keys = slot_keys(unit)
    taken = _taken(keys)
    return [slot for slot, key in enumerate(keys) if key not in taken]


def store_in_a_free_slot(run: Run, unit: Unit, *, waits_as: str = "") -> None:
    """Insert the run under the first `unit:slot` that nobody holds.

    Where every slot is taken it is stored without one under the key `waits_as`, to be started
    when one becomes free. Raises Busy without that name, or when it is taken, too.
    """
    for slot in free_slots(unit):
        if _insert(run, slot, f"{unit.name}:{slot}"):
            return
    if waits_as and _insert(run, None, waiting_key(unit, waits_as)):
        return
    raise Busy(unit.name, holders(unit, waits_as))


def store_alone(run: Run, unit: Unit, key: str) -> None:
    """Insert a run that holds no slot itself. Raises Busy when another one has its key."""
    if not _insert(run, None, key):
        raise Busy(unit.name, list(Run.objects.filter(active_key=key)))


def take_a_slot(run: Run, unit: Unit) -> bool:
    """Give a stored run that waits for a slot a free one; False where there is none."""
    for slot in free_slots(unit):
        try:
            with transaction.atomic():
                mine = Run.objects.filter(pk=run.pk, status=RunStatus.QUEUED, slot=None)
                if not mine.update(slot=slot, active_key=f"{unit.name}:{slot}"):
                    return False
        except IntegrityError:
            continue
        run.slot, run.active_key = slot, f"{unit.name}:{slot}"
        return True
    return False


def holders(unit: Unit, waits_as: str = "") -> list[Run]:
    """The runs in the unit's slots, and the one that waits under that name."""
    keys = slot_keys(unit)
    if waits_as:
        keys.append(waiting_key(unit, waits_as))
    return list(_holding(keys).order_by("slot"))


def _holding(keys: Sequence[str]) -> QuerySet[Run]:
    return Run.objects.filter(active_key__in=keys)


def _taken(keys: Sequence[str]) -> set[str | None]:
    return set(_holding(keys).values_list("active_key", flat=True))


def _insert(run: Run, slot: int | None, key: str) -> bool:
    """False when another process took the key since we looked."""
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
