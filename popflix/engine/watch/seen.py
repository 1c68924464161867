"""What a tick sees, as plain values. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from popflix.engine.schedules.cadence import Cadence


@dataclass(frozen=True)
class UnitSeen:
    """`in_the_way`: the runs because of which no further one can start; empty when one can.

    `free` slots may be 0 though nothing holds them: of a spread unit that works already.
    """

    free: int = 1
    in_the_way: Sequence[int] = ()
    can_wait: bool = True  # a run of it may be stored to wait for a slot
    why_paused: str = ""


@dataclass(frozen=True)
class ScheduleSeen:
    """A schedule whose time has come. `problem` is why it cannot fire at all, `unready` why its
    unit wants no run now; `own` are its active runs, `waiting` those of them without a slot."""

    pk: int
    unit: str
    cadence: Cadence
    slot_at: dt.datetime | None
    next_at: dt.datetime | None
    may_queue: bool = False
    jitter_seconds: int = 0
    problem: str = ""
    unready: str = ""
    own: Sequence[int] = ()
    waiting: Sequence[int] = ()


@dataclass(frozen=True)
class HeldSeen:
    """A run that a process holds; `why_gone` says how we know that the process is gone."""

    pk: int
    fence: int
    why_gone: str = ""
    is_running: bool = True
    progressed_at: dt.datetime | None = None


@dataclass(frozen=True)
class FreeSeen:
    """A run that is due, that no process holds and that a delivery brings."""

    pk: int
    unit: str
    fence: int
    dispatched_at: dt.datetime
    dispatch_count: int = 1
    resume_at: dt.datetime | None = None
    needs_slot: bool = False
    waits_for_unit: bool = False  # parked until its unit was resumed, which it is


@dataclass(frozen=True)
class ParentSeen:
    """A parent none of whose children is active."""

    pk: int
    unit: str
    needs_slot: bool = False  # it has not begun


@dataclass(frozen=True)
class Snapshot:
    now: dt.datetime
    units: Mapping[str, UnitSeen] = field(default_factory=dict)
    schedules: Sequence[ScheduleSeen] = ()
    unreadable_schedules: Sequence[int] = ()
    held: Sequence[HeldSeen] = ()
    free: Sequence[FreeSeen] = ()
    parents: Sequence[ParentSeen] = ()
    waiting_deliveries: int = 0  # on the main queue, taken by nobody
