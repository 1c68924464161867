"""What operators see of units, runs and supervisors, as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from popflix.engine.models import RunStatus
from popflix.engine.states import UnitStatus

HEARD_SECONDS = 30  # a supervisor that has been silent for longer is no help


@dataclass(frozen=True)
class ActiveRun:
    """A run that has not ended."""

    id: int
    unit: str
    slot: int | None
    status: str
    mode: str
    parent_id: int | None
    done_count: int
    total_count: int | None
    failed_count: int
    queued_at: dt.datetime
    started_at: dt.datetime | None
    resume_at: dt.datetime | None
    wait_reason: str
    host: str
    pid: int | None
    silent_seconds: float | None  # since its process beat last; None where none holds it

    @property
    def is_working(self) -> bool:
        return self.status != RunStatus.QUEUED


@dataclass(frozen=True)
class LastRun:
    """The unit's newest run that has ended."""

    id: int
    status: str
    finished_at: dt.datetime | None
    error: str


@dataclass(frozen=True)
class PauseView:
    """One holder's pause of the unit."""

    holder: str
    by: str
    why: str
    since: dt.datetime


@dataclass(frozen=True)
class UnitView:
    """One unit as an operator sees it. `not_ready` is why no schedule starts it now."""

    name: str
    title: str
    kind: str  # worker, spread, parallel process, sequential process
    status: UnitStatus
    slots: int
    slots_taken: int
    queued: int
    active: Sequence[ActiveRun]
    last: LastRun | None
    next_at: dt.datetime | None
    schedule_error: str
    pauses: Sequence[PauseView]
    not_ready: str


@dataclass(frozen=True)
class SupervisorView:
    """One `manage.py work`."""

    host: str
    pid: int
    workers: int
    replaced: int
    started_at: dt.datetime
    silent_seconds: float

    @property
    def is_heard(self) -> bool:
        return self.silent_seconds <= HEARD_SECONDS


def as_json(view: UnitView | ActiveRun | SupervisorView) -> dict[str, Any]:
    """What is shown, as JSON holds it."""
    return asdict(view, dict_factory=lambda items: {key: _plain(each) for key, each in items})


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.datetime) else value
