"""The life of a run: which event leads from which status to which. Pure.

Every change of a run is one event of the kind that names it, so that the status is the fold of
the events. The picture is in docs/engine.md and a test keeps the two equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Status(StrEnum):
    """The words stored in Run.status; `models.RunStatus` shows them to operators."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    ERROR = "error"
    CANCELLED = "cancelled"
    LOST = "lost"


class Kind(StrEnum):
    """The words stored in Event.kind."""

    # of a run, each of them a transition
    QUEUED = "queued"
    START = "start"
    WAITING = "waiting"
    RESUME = "resume"
    REQUEUE = "requeue"
    COMPLETE = "complete"
    ERROR = "error"
    CANCEL = "cancel"
    LOST = "lost"
    # told beside the transitions
    MILESTONE = "milestone"
    NOTE = "note"
    # of a unit: PAUSE and RESUME (without a run) move its holders, the others are told
    PAUSE = "pause"
    RESET = "reset"
    SKIP = "skip"


class UnitStatus(StrEnum):
    """What a unit is, derived from its runs and pauses; never stored."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    ERROR = "error"


class IllegalTransition(ValueError):  # noqa: N818 - named as what happened
    """The run is in no status from which this event may happen."""


TRANSITIONS: Mapping[tuple[Status | None, Kind], Status] = {
    (None, Kind.QUEUED): Status.QUEUED,
    (Status.QUEUED, Kind.START): Status.RUNNING,
    (Status.QUEUED, Kind.CANCEL): Status.CANCELLED,
    (Status.QUEUED, Kind.ERROR): Status.ERROR,  # its unit or its parameters are unknown by now
    (Status.QUEUED, Kind.LOST): Status.LOST,  # the process that was to run it died
    (Status.RUNNING, Kind.WAITING): Status.WAITING,
    (Status.RUNNING, Kind.REQUEUE): Status.QUEUED,  # its lease ran out; a delivery takes over
    (Status.RUNNING, Kind.COMPLETE): Status.COMPLETED,
    (Status.RUNNING, Kind.ERROR): Status.ERROR,
    (Status.RUNNING, Kind.CANCEL): Status.CANCELLED,
    (Status.RUNNING, Kind.LOST): Status.LOST,
    (Status.WAITING, Kind.RESUME): Status.RUNNING,
    (Status.WAITING, Kind.ERROR): Status.ERROR,  # the body broke while its process waited
    (Status.WAITING, Kind.CANCEL): Status.CANCELLED,
    (Status.WAITING, Kind.LOST): Status.LOST,  # the process that waited died
}
TERMINAL = frozenset({Status.COMPLETED, Status.ERROR, Status.CANCELLED, Status.LOST})
FAILED = frozenset({Status.ERROR, Status.LOST})
_TOLD_BESIDE = frozenset({Kind.MILESTONE, Kind.NOTE, Kind.PAUSE, Kind.RESET, Kind.SKIP})


def after(status: str | None, kind: str) -> Status:
    """The status an event leads to; `status` None is a run that does not exist yet.

    Raises IllegalTransition for every pair that TRANSITIONS does not name, and ValueError for
    an unknown word.
    """
    known = None if status is None else Status(status)
    reached = TRANSITIONS.get((known, Kind(kind)))
    if reached is None:
        raise IllegalTransition(f"a run that is {known or 'new'} knows no event {kind}")
    return reached


def fold(kinds: Iterable[str]) -> Status | None:
    """The status that a run's events, oldest first, add up to."""
    status: Status | None = None
    for kind in kinds:
        if Kind(kind) not in _TOLD_BESIDE:
            status = after(status, kind)
    return status


def unit_status(*, is_paused: bool, is_working: bool, last_end: str | None) -> UnitStatus:
    """The seed's five words for a unit.

    `is_working`: one of its runs is running or waiting. `last_end` is the status in which its
    latest ended run ended, None where there is none or where the unit was reset since.
    """
    if is_paused:
        return UnitStatus.PAUSED
    if is_working:
        return UnitStatus.RUNNING
    if last_end is None or last_end == Status.CANCELLED:
        return UnitStatus.IDLE
    return UnitStatus.ERROR if Status(last_end) in FAILED else UnitStatus.COMPLETED


def fold_pauses(told: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The holders of a unit's pauses that its events (kind, holder), oldest first, add up to."""
    holders: set[str] = set()
    for kind, holder in told:
        if kind == Kind.PAUSE:
            holders.add(holder)
        elif kind == Kind.RESUME:
            holders.discard(holder)
    return frozenset(holders)
