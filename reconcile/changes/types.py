"""A show as the policies see it, and what may become of it. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

KEY = ("movie_id", "cinema_id", "screen_name", "show_time")
# The seed compares title, rating, length, format, genre, isActive and imageUrl.
COMPARED = ("title", "rating", "length", "format", "genere", "is_active", "image_url")


class ChangeKind(StrEnum):
    INSERT = "insert"  # staged, not in master
    UPDATE = "update"  # the same key, other values
    MOVE = "move"  # another time or screen; the master row keeps its id
    MISSING = "missing"  # absent from enough loads that covered it
    REVIVE = "revive"  # was missing, is staged again
    REMOVE = "remove"  # undoes an insert; no feed asks for it


@dataclass(frozen=True, slots=True)
class Row:
    """A staged or a master row. `missing_since` is None in staging."""

    id: int
    movie_id: str
    cinema_id: int
    screen_name: str
    show_time: dt.datetime
    title: str
    rating: str | None = None
    length: int | None = None
    format: str | None = None
    genere: str | None = None
    is_active: str | None = None
    image_url: str | None = None
    missing_since: dt.datetime | None = None

    @property
    def key(self) -> tuple[str, int, str, dt.datetime]:
        return (self.movie_id, self.cinema_id, self.screen_name, self.show_time)


@dataclass(frozen=True, slots=True)
class Slice:
    """What guards judge together: one cinema on one weekday (0 is Monday) of its zone."""

    cinema_id: int
    weekday: int
