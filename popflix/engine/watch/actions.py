"""What a tick may do, as plain values; each names what it was decided on. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from popflix.engine.schedules.cadence import Due


@dataclass(frozen=True)
class Moved:
    """The compare-and-set of a schedule: from the instant seen to the next slot."""

    schedule: int
    unit: str
    seen_next_at: dt.datetime | None
    slot_at: dt.datetime
    next_at: dt.datetime


@dataclass(frozen=True)
class Fire:
    moved: Moved
    due: Due
    may_queue: bool = False

    def __str__(self) -> str:
        return f"start {self.moved.unit}: schedule {self.moved.schedule}"


@dataclass(frozen=True)
class Skip:
    moved: Moved
    due: Due
    why: str
    holders: Sequence[int] = ()

    def __str__(self) -> str:
        return f"skip {self.moved.unit}: schedule {self.moved.schedule}: {self.why}"


@dataclass(frozen=True)
class Pass:
    """On to the next slot, without a word."""

    moved: Moved

    def __str__(self) -> str:
        return f"pass over {self.moved.unit} until {self.moved.next_at}"


@dataclass(frozen=True)
class Refuse:
    """Stop a schedule that cannot fire, and look at it again later."""

    schedule: int
    unit: str
    seen_next_at: dt.datetime | None
    problem: str
    again_at: dt.datetime

    def __str__(self) -> str:
        return f"refuse schedule {self.schedule} of {self.unit}: {self.problem}"


@dataclass(frozen=True)
class Disable:
    """Stop a schedule whose row cannot even be read."""

    schedule: int

    def __str__(self) -> str:
        return f"disable schedule {self.schedule}: it cannot be read"


@dataclass(frozen=True)
class Recover:
    run: int
    fence: int
    why: str

    def __str__(self) -> str:
        return f"recover run {self.run}: {self.why}"


@dataclass(frozen=True)
class Deliver:
    run: int
    fence: int
    why: str

    def __str__(self) -> str:
        return f"deliver run {self.run}: {self.why}"


@dataclass(frozen=True)
class Begin:
    """Start a process that waited for its slot."""

    parent: int

    def __str__(self) -> str:
        return f"begin run {self.parent}: its slot is free"


@dataclass(frozen=True)
class Settle:
    """End a parent whose children have all ended."""

    parent: int

    def __str__(self) -> str:
        return f"end run {self.parent}: its workers have ended"


@dataclass(frozen=True)
class TellStuck:
    run: int
    fence: int
    since: dt.datetime

    def __str__(self) -> str:
        return f"note that run {self.run} makes no progress"


Action = (
    Fire | Skip | Pass | Refuse | Disable | Recover | Deliver | Begin | Settle | TellStuck
)  # fmt: skip
