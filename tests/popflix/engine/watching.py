"""What the tests of the watcher share: units for a test, schedules, dead processes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from popflix.engine import registry
from popflix.engine.context import RunContext
from popflix.engine.models import Event, Run, Schedule
from popflix.engine.registry import Unit
from popflix.engine.states import Kind
from tests.popflix.engine.fakes import FakeClock


def nothing(ctx: RunContext) -> None:
    """Done as soon as it began."""


@contextmanager
def known(*units: Unit) -> Iterator[None]:
    """Units of the site for the length of a test."""
    for unit in units:
        registry.registry.register(unit)
    try:
        yield
    finally:
        for unit in units:
            registry.registry.release(unit.name)


def every(seconds: int, clock: FakeClock, unit: str = "demo", **columns: object) -> Schedule:
    """A stored schedule that fires each `seconds`."""
    schedule = Schedule(unit=unit, every_seconds=seconds, **columns)
    schedule.save(clock=clock)
    return schedule


def make_dead(run: Run) -> None:
    """Its pid belongs to a process that started at another time."""
    place = run.process_started_at.rpartition(":")[0]
    Run.objects.filter(pk=run.pk).update(process_started_at=f"{place}:1")


def stored(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def skips(unit: str = "demo") -> list[dict[str, object]]:
    events = Event.objects.filter(unit=unit, kind=Kind.SKIP, run=None).order_by("id")
    return list(events.values_list("payload", flat=True))


def notes(unit: str = "demo") -> list[str]:
    events = Event.objects.filter(unit=unit, kind=Kind.NOTE).order_by("id")
    return [payload["text"] for payload in events.values_list("payload", flat=True)]


def seconds(count: float) -> dt.timedelta:
    return dt.timedelta(seconds=count)
