"""The schedules of a unit as its page shows them: when, what was changed, the next firings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from popflix.console.pieces.moments import exact
from popflix.console.units import words
from popflix.engine.models import Schedule
from popflix.engine.models.schedules import DECLARED
from popflix.engine.pauses import paused_units
from popflix.engine.registry import registry
from popflix.engine.schedules.checking import next_firings
from popflix.engine.schedules.declared import is_changed
from popflix.engine.status import why_not_ready
from popflix.engine.views.words import pairs

FIRINGS_SHOWN = 5
_MOST = 20
_OVERLAPS = {
    "skip": "A firing is skipped while its earlier run is at work.",
    "queue": "A firing waits while its earlier run is at work; one at most.",
}


@dataclass(frozen=True)
class Shown:
    """`firings` are pairs of an instant and how a clock in the schedule's zone tells it."""

    schedule: Schedule
    word: str
    when: str
    origin: str
    jitter: str
    overlap: str
    given: str
    firings: Sequence[tuple[dt.datetime, str]]


def of_unit(name: str, now: dt.datetime) -> list[Shown]:
    rows = Schedule.objects.filter(unit=name).order_by("pk")[:_MOST]
    return [shown(row, now) for row in rows]


def shown(row: Schedule, now: dt.datetime) -> Shown:
    return Shown(
        schedule=row,
        word=word(row),
        when=words.when(row.cadence),
        origin=origin(row),
        jitter=words.jitter(row.jitter_seconds),
        overlap=_OVERLAPS.get(row.overlap, ""),
        given=pairs(row.params) if isinstance(row.params, dict) else "",
        firings=firings(row, now),
    )


def word(row: Schedule) -> str:
    """Of the badges of schedules."""
    return "off" if not row.is_enabled else "broken" if row.error else "on"


def origin(row: Schedule) -> str:
    if row.origin != DECLARED:
        return "an operator's"
    return "changed by an operator" if is_changed(row) else "as the code declares it"


@dataclass(frozen=True)
class Standing:
    """What may keep units from being started now: asked once for all schedules."""

    paused: Collection[str]
    not_ready: Mapping[str, str]


def standing(names: Collection[str] | None = None) -> Standing:
    """Of these units, or of all: a list asks for all, so that its queries are always the same."""
    asked = [unit for unit in registry.units() if names is None or unit.name in names]
    return Standing(paused_units(), {unit.name: why_not_ready(unit) for unit in asked})


def would(row: Schedule, stands: Standing) -> str:
    """What its next firing does, as things stand now."""
    if not row.is_enabled:
        return "Nothing: it is off."
    if row.error:
        return f"Nothing: {row.error}"
    if registry.find(row.unit) is None:
        return f"Nothing: there is no unit {row.unit}."
    if row.unit in stands.paused:
        return f"Be skipped: {row.unit} is paused."
    if stands.not_ready.get(row.unit):
        return f"Pass by: {stands.not_ready[row.unit]}"
    given = pairs(row.params) if isinstance(row.params, dict) else ""
    return f"Start {row.unit}" + (f" with {given}." if given else ".")


def firings(row: Schedule, now: dt.datetime) -> list[tuple[dt.datetime, str]]:
    """The next ones, jitter included; none for one that is off or cannot fire."""
    return [
        (at, exact(at, ZoneInfo(row.time_zone))) for at in next_firings(row, now, FIRINGS_SHOWN)
    ]
