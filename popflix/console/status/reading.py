"""All areas at one instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from popflix.console.status.areas import Area, Standing, registered
from popflix.engine.models import Run
from popflix.lib.errors import OperatorError


@dataclass(frozen=True)
class LastRun:
    """The newest run of a unit, whether it has ended or not."""

    run: int
    unit: str
    status: str
    queued_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    done: int
    failed: int
    error: str


@dataclass(frozen=True)
class Found:
    """An area as it stands; `error` says why it could not be counted."""

    area: Area
    standing: Standing
    runs: Sequence[LastRun]
    error: str = ""


def read_areas(now: dt.datetime) -> list[Found]:
    return [_read(area, now) for area in registered()]


def _read(area: Area, now: dt.datetime) -> Found:
    runs = [run for unit in area.units for run in _newest_of(unit)]
    try:
        return Found(area, area.read(now), runs)
    except OperatorError as error:
        return Found(area, Standing({}), runs, f"{error.cause} {error.cure}".strip())


_COLUMNS = (
    "id", "unit", "status", "queued_at", "started_at", "finished_at", "done_count",
    "failed_count", "error",
)  # fmt: skip


def _newest_of(unit: str) -> list[LastRun]:
    """By the index: one step for each unit."""
    rows = Run.objects.filter(unit=unit).order_by("-id").values_list(*_COLUMNS)
    return [LastRun(*row) for row in rows[:1]]
