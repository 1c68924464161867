"""What a run waited for and how long, told by its events. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from popflix.engine.states import Kind

_BEGIN = {Kind.QUEUED: "its turn in the queue", Kind.REQUEUE: "a new process", Kind.WAITING: ""}
_BESIDE = {Kind.MILESTONE, Kind.NOTE}


@dataclass(frozen=True)
class Told:
    """An event, as far as waits are concerned."""

    at: dt.datetime
    kind: str
    why: str = ""


@dataclass(frozen=True)
class Wait:
    """Everything waited for one reason. `is_going_on`: the last of the times is not over."""

    why: str
    times: int
    seconds: float
    is_going_on: bool = False


def waits(events: Iterable[Told], now: dt.datetime) -> list[Wait]:
    """By reason, in the order in which they first came; events oldest first.

    A run waits from `waiting`, `queued` and `requeue` until its next change of status.
    """
    found: dict[str, Wait] = {}
    begun: Told | None = None
    for event in events:
        if event.kind in _BESIDE:
            continue
        if begun is not None:
            _add(found, begun, event.at)
        begun = event if event.kind in _BEGIN else None
    if begun is not None:
        _add(found, begun, now, is_going_on=True)
    return list(found.values())


def _add(
    found: dict[str, Wait], begun: Told, until: dt.datetime, *, is_going_on: bool = False
) -> None:
    why = _BEGIN[Kind(begun.kind)] or begun.why or "no reason was told"
    had = found.get(why, Wait(why, 0, 0.0))
    seconds = had.seconds + max(0.0, (until - begun.at).total_seconds())
    found[why] = replace(had, times=had.times + 1, seconds=seconds, is_going_on=is_going_on)


def within(result: Mapping[str, object]) -> list[Wait]:
    """What the body itself says it waited for, as `waits` in its result: seconds by reason."""
    told = result.get("waits")
    if not isinstance(told, Mapping):
        return []
    return [
        Wait(str(why), 0, float(seconds))
        for why, seconds in told.items()
        if isinstance(seconds, int | float) and seconds > 0
    ]
