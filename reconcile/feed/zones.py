"""When a show starts, in UTC: what the feed writes, read in the zone where it is meant. Pure.

In spring an hour of the wall clock is left out (a gap): no show starts there. In autumn an hour
comes twice (a fold): the first is meant, and it is told.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_SHORTEST = len("20260128T1000")


class Times(StrEnum):
    """What the times of a feed are."""

    UTC = "utc"  # as they state: an offset or Z counts; without one the zone's wall clock
    LOCAL = "local"  # the zone's wall clock, whatever offset is written behind it


@dataclass(frozen=True)
class Start:
    """`at` is UTC in whole milliseconds, `day` the date in the cinema's zone, as SQL has them."""

    at: str
    day: str
    is_fold: bool = False


@lru_cache(maxsize=20_000)
def start(written: str, zone: str, times: Times) -> Start:
    """Read one time. Raises ValueError with what is wrong, as part of a sentence."""
    try:
        if len(written) < _SHORTEST:
            raise ValueError
        moment = dt.datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(f"is {written[:40]!r}, which is no date and time") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"is in the year {moment.year}")
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    is_stated = moment.tzinfo is not None and times is Times.UTC
    if not (is_stated or zone):
        raise ValueError(f"is {written[:40]!r}, and nobody says in which time zone")
    here = ZoneInfo(zone) if zone else dt.UTC
    if is_stated:
        return Start(_in_utc(moment), str(moment.astimezone(here).date()))
    return _of_wall_clock(moment.replace(tzinfo=here), zone)


def _of_wall_clock(wall: dt.datetime, zone: str) -> Start:
    at = wall.astimezone(dt.UTC)
    if at.astimezone(wall.tzinfo).replace(fold=0) != wall.replace(fold=0):
        raise ValueError(
            f"is {wall:%Y-%m-%d %H:%M}, which the clocks of {zone} leave out that night"
        )
    is_fold = wall.replace(fold=1).utcoffset() != wall.replace(fold=0).utcoffset()
    return Start(_in_utc(wall), str(wall.date()), is_fold)


def _in_utc(moment: dt.datetime) -> str:
    return str(moment.astimezone(dt.UTC).replace(tzinfo=None))


def is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return bool(name)
