"""What becomes of a show's start when its cinema's time zone is another one. Pure.

The feed's wall clock stays; the instant that it means moves. Two different wall clocks never
become one instant: of an hour that comes twice the first is always meant, and what lies in an
hour that is left out starts nowhere.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from reconcile.feed.zones import Times, start


@dataclass(frozen=True)
class Reread:
    """`at` is None where the clocks leave that hour out: `fault` tells it, `day` is the feed's."""

    at: dt.datetime | None
    day: dt.date
    is_fold: bool = False
    fault: str = ""


def reread(moment: dt.datetime, before: str, after: str, times: Times) -> Reread:
    """A start that was read in the zone `before`, as the zone `after` has it; empty is UTC.

    Times that state their offset stay; only the day on which they are counted may change.
    """
    if times is Times.UTC or before == after:
        return Reread(moment, moment.astimezone(ZoneInfo(after or "UTC")).date())
    wall = wall_clock(moment, before)
    try:
        begin = start(wall.isoformat(), after or "UTC", Times.LOCAL)
    except ValueError as fault:
        return Reread(None, wall.date(), fault=str(fault))
    at = dt.datetime.fromisoformat(begin.at).replace(tzinfo=dt.UTC)
    return Reread(at, dt.date.fromisoformat(begin.day), begin.is_fold)


def wall_clock(moment: dt.datetime, zone: str) -> dt.datetime:
    """What the clocks of the zone show then, without a zone."""
    return moment.astimezone(ZoneInfo(zone or "UTC")).replace(tzinfo=None, fold=0)


def as_written(moment: dt.datetime, zone: str, times: Times) -> str:
    """The instant as a feed of these times could have it, so that it is read as the same again."""
    if times is Times.LOCAL:
        return wall_clock(moment, zone).isoformat()
    return moment.astimezone(dt.UTC).isoformat()
