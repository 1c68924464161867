"""Doing what was decided about schedules, each in one transaction that moves the row first."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import DatabaseError, InterfaceError

from popflix.engine import pauses, starting
from popflix.engine.changes import whole
from popflix.engine.creating import Order
from popflix.engine.events import tell
from popflix.engine.models import Schedule
from popflix.engine.registry import Unit
from popflix.engine.schedules.cadence import Due
from popflix.engine.slots import Busy
from popflix.engine.states import Kind
from popflix.engine.watch import actions
from popflix.engine.watch.decide import LOOK_AGAIN_SECONDS
from popflix.engine.watch.doing import Doing, Done
from popflix.lib.errors import OperatorError
from popflix.lib.redact import redact

log = logging.getLogger(__name__)


def do_fire(action: actions.Fire, doing: Doing) -> Done | None:
    """Start what the schedule wants, in the transaction that moves it on to its next slot."""
    moved, now = action.moved, doing.clock.now()
    unit = doing.registry.get(moved.unit)

    def fire() -> Done | None:
        if not _moves(moved):
            return None
        try:
            pauses.require_not_paused(unit.name)
            run = starting.start(_order(action, unit), now, doing.registry)
        except pauses.Paused:
            why, holders = pauses.why_paused(unit.name), []
        except Busy as busy:
            why, holders = busy.cause, [run.pk for run in busy.holders]
        else:
            return Done("start", unit.name, run.pk, f"schedule {moved.schedule}")
        return _tell_skip(moved, action.due, why, holders, now)

    try:
        return whole(fire)
    except (DatabaseError, InterfaceError):
        raise
    except OperatorError as error:
        problem = str(error)
    except Exception as error:  # of the unit's own code: it must not stop the other schedules
        log.exception("schedule %s of %s cannot fire", moved.schedule, unit.name)
        problem = redact(f"{type(error).__name__}: {error}")
    again_at = now + dt.timedelta(seconds=LOOK_AGAIN_SECONDS)
    return do_refuse(
        actions.Refuse(moved.schedule, unit.name, moved.seen_next_at, problem, again_at), doing
    )


def _order(action: actions.Fire, unit: Unit) -> Order:
    schedule = action.moved.schedule
    return Order(
        unit,
        Schedule.objects.values_list("params", flat=True).get(pk=schedule),
        "schedule",
        on_queue=True,
        waits_as=f"schedule-{schedule}" if action.may_queue else "",
        schedule_id=schedule,
        told=_told(action.moved, action.due),
    )


def _told(moved: actions.Moved, due: Due) -> dict[str, object]:
    return {"schedule": moved.schedule, "slot": due.slot.isoformat(), "missed": due.missed}


def _moves(moved: actions.Moved) -> bool:
    """On to the next slot; False when another watcher or an edit was faster."""
    as_seen = Schedule.objects.filter(
        pk=moved.schedule, next_at=moved.seen_next_at, is_enabled=True
    )
    return bool(as_seen.update(slot_at=moved.slot_at, next_at=moved.next_at, error=""))


def do_skip(action: actions.Skip, doing: Doing) -> Done | None:
    def skip() -> Done | None:
        if not _moves(action.moved):
            return None
        now = doing.clock.now()
        return _tell_skip(action.moved, action.due, action.why, action.holders, now)

    return whole(skip)


def _tell_skip(
    moved: actions.Moved, due: Due, why: str, holders: object, now: dt.datetime
) -> Done:
    payload = {"trigger": "schedule", "holders": holders, "why": why, **_told(moved, due)}
    tell(None, moved.unit, Kind.SKIP, now, payload=payload)
    return Done("skip", moved.unit, None, why)


def do_pass(action: actions.Pass, doing: Doing) -> None:
    _moves(action.moved)


def do_refuse(action: actions.Refuse, doing: Doing) -> Done | None:
    def refuse() -> Done | None:
        as_seen = Schedule.objects.filter(pk=action.schedule, next_at=action.seen_next_at)
        is_known = as_seen.filter(error=action.problem).exists()
        if not as_seen.update(next_at=action.again_at, error=action.problem) or is_known:
            return None
        return _tell_broken(action.schedule, action.unit, action.problem, doing)

    return whole(refuse)


def do_disable(action: actions.Disable, doing: Doing) -> Done | None:
    problem = "It held values that cannot be read; it was disabled. Save it anew."

    def disable() -> Done | None:
        row = Schedule.objects.filter(pk=action.schedule, is_enabled=True)
        unit = row.values_list("unit", flat=True).first()
        if unit is None:
            return None
        row.update(is_enabled=False, slot_at=None, next_at=None, error=problem)
        return _tell_broken(action.schedule, unit, problem, doing)

    return whole(disable)


def _tell_broken(schedule: int, unit: str, problem: str, doing: Doing) -> Done:
    text = f"Schedule {schedule} cannot fire: {problem}"
    payload = {"text": text, "schedule": schedule}
    tell(None, unit, Kind.NOTE, doing.clock.now(), payload=payload)
    log.warning("%s", text)
    return Done("refuse", unit, None, text)
