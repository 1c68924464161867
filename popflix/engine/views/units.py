"""The table of units."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from django.utils import timezone

from popflix.engine import status
from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.unit_views import UnitView, as_json
from popflix.engine.views.words import cut, instant, one_line
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report
from popflix.lib.grid import aligned

_HEADINGS = ("unit", "kind", "state", "slots", "queued", "last run", "next")
_ERROR_WIDTH = 100


def show(
    *, say: Callable[[str], None], registry: Registry = all_units, clock: Clock = SYSTEM_CLOCK
) -> Report:
    """Say every unit's line, with what holds it up below, and whether anybody is there to work."""
    now = clock.now()
    views = status.overview(registry, now)
    found = status.supervisors(now)
    warning = status.nobody_works(found)
    for line in lines(views, now):
        say(line)
    if warning:
        say(warning)
    return Report(
        {
            "units": [as_json(view) for view in views],
            "supervisors": [as_json(each) for each in found],
            "warning": warning,
        }
    )


def lines(views: Sequence[UnitView], now: dt.datetime) -> list[str]:
    zone = timezone.get_current_timezone()
    if not views:
        return ["There are no units."]
    rows = aligned([_HEADINGS, *(_cells(view, zone, now) for view in views)])
    told = [rows[0]]
    for row, view in zip(rows[1:], views, strict=True):
        told += [row, *(f"    {one_line(trouble)}" for trouble in troubles(view, zone, now))]
    return told


def _cells(view: UnitView, zone: dt.tzinfo, now: dt.datetime) -> tuple[str, ...]:
    last = view.last
    ended = f"#{last.id} {last.status} {instant(last.finished_at, zone, now=now)}" if last else "-"
    return (
        view.name,
        view.kind,
        str(view.status),
        f"{view.slots_taken}/{view.slots}",
        str(view.queued),
        ended.rstrip(),
        instant(view.next_at, zone, now=now) or "-",
    )


def troubles(view: UnitView, zone: dt.tzinfo, now: dt.datetime) -> list[str]:
    """One clause for each thing that keeps the unit from working, or that went wrong last."""
    told = [
        f"paused by {each.by} ({each.holder}) since {instant(each.since, zone, now=now)}: "
        f"{each.why}"
        for each in view.pauses
    ]
    if view.not_ready:
        told.append(f"not ready: {view.not_ready}")
    if view.schedule_error:
        told.append(f"schedule cannot fire: {view.schedule_error}")
    if view.last and view.last.error and view.status == "error":
        told.append(f"run {view.last.id}: {cut(view.last.error, _ERROR_WIDTH)}")
    return told
