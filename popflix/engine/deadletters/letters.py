"""What a dead letter is, which of them belong together, and which are meant. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

_ID_LENGTH = 8


class Verdict(StrEnum):
    """What became of a letter that was retried."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True)
class Letter:
    """`key` names the run or row as text; `at` is when it was given up."""

    key: str
    at: dt.datetime
    kind: str
    error: str


def group_id(source: str, unit: str, kind: str, text: str) -> str:
    # Databases differ in whether case sets two texts apart; the id is the same either way.
    said = "|".join((source, unit, kind, text.casefold()))
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()[:_ID_LENGTH]


@dataclass(frozen=True)
class Group:
    """Letters of one source, unit and kind whose errors are the same but for their figures."""

    source: str
    unit: str
    kind: str
    text: str
    count: int
    oldest: dt.datetime
    newest: dt.datetime
    example: str

    @property
    def id(self) -> str:
        """Short enough to be typed, and the same at each look."""
        return group_id(self.source, self.unit, self.kind, self.text)

    def as_data(self) -> dict[str, object]:
        return {
            "group": self.id,
            "source": self.source,
            "unit": self.unit,
            "kind": self.kind,
            "error": self.text,
            "count": self.count,
            "oldest": self.oldest.isoformat(),
            "newest": self.newest.isoformat(),
            "example": self.example,
        }


@dataclass(frozen=True)
class Reason:
    """Why some letters are there: less than a group, as it is counted at a glance."""

    unit: str
    kind: str
    text: str

    def __str__(self) -> str:
        return self.text or self.kind


@dataclass(frozen=True)
class Wanted:
    """Which groups are meant; an empty word means any. `group` is an id or the error's text."""

    source: str = ""
    unit: str = ""
    kind: str = ""
    group: str = ""

    def takes(self, group: Group) -> bool:
        return (
            self.source in ("", group.source)
            and self.unit in ("", group.unit)
            and self.kind in ("", group.kind)
            and self.group in ("", group.id, group.text)
        )


@dataclass(frozen=True)
class PutBack:
    """What a retry came to: letters that are work again, and why others are not, by key."""

    letters: list[Letter] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
