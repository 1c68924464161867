"""Whether a schedule can fire, and when it does next.

Every door that stores a schedule asks (`Schedule.save`), and the watcher asks again before each
firing: rows may be forced into the table, and units change with the code.
"""

from __future__ import annotations

import datetime as dt
from itertools import islice
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from popflix.engine.models import Schedule
from popflix.engine.models.schedules import Overlap
from popflix.engine.registry import Registry, Unit
from popflix.engine.schedules import cadence
from popflix.lib.errors import OperatorError
from popflix.lib.redact import redact


def require_valid(schedule: Schedule, registry: Registry, now: dt.datetime) -> None:
    """Raises ValidationError naming each field that is wrong."""
    found = problems(schedule, registry, now)
    if found:
        raise ValidationError({field: [told] for field, told in found.items()})


def problems(schedule: Schedule, registry: Registry, now: dt.datetime) -> dict[str, str]:
    """What keeps the schedule from firing, by field; never raises, whatever the row holds."""
    found = _when(schedule, now)
    if schedule.overlap not in Overlap.values:
        found["overlap"] = f"Overlap is one of {', '.join(Overlap.values)}."
    try:
        unit = registry.get(schedule.unit)
    except OperatorError as error:
        return {**found, "unit": str(error)}
    trouble = _params(unit, schedule.params, registry)
    return {**found, "params": trouble} if trouble else found


def _when(schedule: Schedule, now: dt.datetime) -> dict[str, str]:
    try:
        found = cadence.troubles(schedule.cadence, now)
        if not found and schedule.jitter_seconds:
            first, second = islice(cadence.slots_after(schedule.cadence, now), 2)
            if dt.timedelta(seconds=schedule.jitter_seconds) >= second - first:
                found["jitter_seconds"] = "Jitter must be shorter than the time between two slots."
    except Exception as error:  # figures beyond any calendar, text where a number belongs
        return {"every_seconds": f"This timetable cannot be computed: {error}."}
    return found


def _params(unit: Unit, params: object, registry: Registry) -> str:
    """What refuses the parameters: the unit, or one of the workers it would hand them to."""
    if not isinstance(params, dict):
        return 'Parameters are a JSON object, such as {"limit": 100}.'
    for each in (unit.name, *unit.workers):
        try:
            clean = registry.get(each).clean_params(params)
            permission = registry.get(each).permission(clean)
        except OperatorError as error:
            return str(error)
        except Exception as error:
            return redact(f"{each} refuses these parameters: {type(error).__name__}: {error}.")
        if permission:
            return f"{each} asks for the permission {permission}: people start it, no schedule."
    return ""


def next_firings(schedule: Schedule, now: dt.datetime, n: int = 3) -> list[dt.datetime]:
    """When it fires next, jitter included; empty for one that is disabled or cannot fire."""
    if not schedule.is_enabled or schedule.error or _when(schedule, now):
        return []
    firings = [schedule.next_at] if schedule.slot_at and schedule.next_at else []
    since = max(now, schedule.slot_at) if firings and schedule.slot_at else now
    for slot in islice(cadence.slots_after(schedule.cadence, since), n - len(firings)):
        jitter = schedule.jitter_seconds
        firings.append(cadence.fires_at(slot, key=schedule.pk or 0, jitter_seconds=jitter))
    return firings


def told_next(schedule: Schedule, now: dt.datetime) -> str:
    """One sentence for whoever has just saved it."""
    if not schedule.is_enabled:
        return f"{schedule.unit} is not started: this schedule is disabled."
    zone = ZoneInfo(schedule.time_zone)
    firings = [each.astimezone(zone) for each in next_firings(schedule, now)]
    told = ", then ".join(f"{each:%a %Y-%m-%d %H:%M:%S}" for each in firings)
    return f"{schedule.unit} starts next on {told} ({schedule.time_zone})."
