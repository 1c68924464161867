"""One question about one claimed row, and its answer: what the fetching threads do. No ORM."""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import dataclass

from popflix.lib.http import UpstreamError
from popflix.lib.limiter import Parked
from sync.availability.controls import ControlDesk
from sync.availability.types import Checked, Checker, Stored, Target
from sync.availability.verdict import failure_kind, judge_error
from sync.movies.bodies import Body, pack, unpack

Fault = tuple[str, str]  # the mirror, and the kind of its failure


@dataclass(frozen=True, slots=True)
class Held:
    """TMDB's record of the movie as it is stored: compressed."""

    packed: bytes
    fetched_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A claimed row: the one without a region. `attempts` counts this claim."""

    id: int
    movie_id: int
    target: Target
    lane: int
    attempts: int
    token: str
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """`began` and `ended` are instants of the desk's own order, see `ControlDesk`."""

    checked: Checked
    began: int
    ended: int
    document: Body | None = None


class Asking:
    """Thread-safe. Raises what the checker raises, and Parked while no control can be asked."""

    def __init__(self, checker: Checker, desk: ControlDesk) -> None:
        self._checker, self._desk = checker, desk
        self.faults: deque[Fault] = deque()  # each failed try, for the hours

    def ask(self, item: Asked) -> Answered:
        if self._desk.is_shut:
            raise Parked(self._desk.shut_seconds, self._desk.why_shut)
        began = self._desk.tick()
        try:
            checked = self._checker.check(item.target, item.lane, stored=_stored(item.held))
        except UpstreamError as error:
            self.faults.append((error.mirror, failure_kind(judge_error(error))))
            raise
        body = None if checked.document is None else pack(checked.document)
        return Answered(checked, began, self._desk.tick(), body)


def _stored(held: Held | None) -> Stored | None:
    """A body that cannot be read any more spares no request."""
    if held is None:
        return None
    try:
        return Stored(unpack(held.packed), held.fetched_at)
    except ValueError:
        return None
