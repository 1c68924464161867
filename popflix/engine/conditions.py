"""Release conditions: what must hold again before a machine's pause ends.

A body that finds its unit must stop as a whole pauses it and names a condition; the watcher asks
that condition now and then and resumes the unit once it holds. Register one in `units.py`:

    @release_condition("disk-has-room", check_every_seconds=300)
    def disk_has_room(pause: Pause, now: datetime) -> bool:
        return free_bytes() > pause.memory["needed"]

A condition that is unknown or breaks releases nothing and stops nothing else. It is asked outside
of any transaction, and ought to answer within a second or two.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from popflix.engine import pauses
from popflix.engine.models import Pause
from popflix.engine.models.pauses import Holder

Condition = Callable[[Pause, dt.datetime], bool]

log = logging.getLogger(__name__)
CHECK_SECONDS = 60.0
_MOST_AT_ONCE = 200


@dataclass(frozen=True)
class _Registered:
    holds: Condition
    check_every_seconds: float


_conditions: dict[str, _Registered] = {}


def release_condition(
    name: str, *, check_every_seconds: float = CHECK_SECONDS
) -> Callable[[Condition], Condition]:
    """Decorate what answers whether the cause of a machine's pause is gone.

    It is given the pause, whose `memory` holds what the body that paused wanted remembered.
    Raises ValueError for a name that is taken.
    """

    def register(condition: Condition) -> Condition:
        if name in _conditions:
            raise ValueError(f"release condition {name} is registered twice")
        _conditions[name] = _Registered(condition, check_every_seconds)
        return condition

    return register


def forget(name: str) -> None:
    """Undo `release_condition`."""
    del _conditions[name]


def release_what_holds(
    now: dt.datetime, *, unit: str | None = None, ask_at_once: bool = False
) -> list[str]:
    """Resume each unit (or this one) whose machine's pause has lost its cause; returns them.

    Each condition is asked as often as it wished, by one watcher of all; `ask_at_once` asks now,
    for a person who waits for the answer.
    """
    held = Pause.objects.filter(holder=Holder.MACHINE).exclude(condition="")
    if unit is not None:
        held = held.filter(unit=unit)
    if not ask_at_once:
        held = held.filter(Q(check_at=None) | Q(check_at__lte=now))
    due = held.order_by("check_at", "pk")[:_MOST_AT_ONCE]
    return [
        pause.unit
        for pause in due
        if _is_ours_to_ask(pause, now, ask_at_once) and _holds(pause, now) and _release(pause, now)
    ]


def _is_ours_to_ask(pause: Pause, now: dt.datetime, ask_at_once: bool) -> bool:
    known = _conditions.get(pause.condition)
    seconds = known.check_every_seconds if known else CHECK_SECONDS
    as_seen = Pause.objects.filter(pk=pause.pk, check_at=pause.check_at)
    return bool(as_seen.update(check_at=now + dt.timedelta(seconds=seconds))) or ask_at_once


def _holds(pause: Pause, now: dt.datetime) -> bool:
    known = _conditions.get(pause.condition)
    if known is None:
        log.warning("%s stays paused: nobody knows the condition %r", pause.unit, pause.condition)
        return False
    try:
        return known.holds(pause, now)
    except Exception:
        log.exception("%s stays paused: condition %s broke", pause.unit, pause.condition)
        return False


def _release(pause: Pause, now: dt.datetime) -> bool:
    """False where that pause has ended meanwhile, though another one may have begun."""
    with transaction.atomic():
        if not Pause.objects.select_for_update().filter(pk=pause.pk).exists():
            return False
        why = f"the condition {pause.condition} holds"
        return pauses.resume(
            pause.unit, by="the watcher", now=now, holders=[Holder.MACHINE], why=why
        )
