"""A change before it is stored. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconcile.changes.policy.diff import Told
from reconcile.changes.types import ChangeKind

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
Key = tuple[str, int, str, dt.datetime]


class State(StrEnum):
    """Those that a new change may have; the words are ChangeState's."""

    APPROVED = "approved"
    HELD = "held"
    REJECTED = "rejected"
    LOCKED = "locked"


@dataclass(frozen=True)
class Decision:
    """A person's, of a change that comes again."""

    by: str
    at: dt.datetime | None
    reason: str  # why it waited
    why: str = ""  # the person's own words
    state: State = State.REJECTED


@dataclass(frozen=True)
class Proposal:
    """One difference between staging and master; the columns of `Change`, and a little more.

    `is_guarded`: a guard holds it. A move gives one key up and takes another, an insert takes one.
    """

    kind: ChangeKind
    cinema_id: int
    weekday: int
    day: dt.date | None = None
    master_id: int | None = None
    sync_id: int | None = None
    row_count: int = 1
    before: Mapping[str, Told] = field(default_factory=dict)
    after: Mapping[str, Told] = field(default_factory=dict)
    locked: Mapping[str, Told] = field(default_factory=dict)  # what the feed says of them
    fingerprint: str = ""
    reason: str = ""
    state: State = State.APPROVED
    group: int | None = None
    decision: Decision | None = None
    is_guarded: bool = False
    gives_up: Key | None = None
    takes: Key | None = None

    @property
    def is_day(self) -> bool:
        """A whole day of a cinema that is new to master."""
        return self.kind is ChangeKind.INSERT and not self.after

    @property
    def identity(self) -> str:
        """The same for the same difference, whatever the load or the state."""
        return identity(
            self.kind, self.cinema_id, self.day, self.master_id, self.before, self.after,
            self.fingerprint, self.row_count,
        )  # fmt: skip


def identity(
    kind: str,
    cinema_id: int,
    day: dt.date | None,
    master_id: int | None,
    before: Mapping[str, Told],
    after: Mapping[str, Told],
    fingerprint: str,
    row_count: int = 1,
) -> str:
    """Of a whole day its number of shows counts: they are not named one by one."""
    rows = 1 if after or before else row_count
    parts = (str(kind), cinema_id, str(day), master_id, before, after, fingerprint, rows)
    return hashlib.sha256(_encode(parts).encode("ascii")).hexdigest()


def day_identity(cinema_id: int, day: dt.date | None) -> str:
    """Of a day of a cinema that is new as a whole, however many shows it has."""
    return f"day {cinema_id} {day}"


def value_identity(master_id: int, name: str, value: Told) -> str:
    """Of one value for a show of master, whatever else changes with it."""
    return f"value {master_id} {name} {_encode(value)}"
