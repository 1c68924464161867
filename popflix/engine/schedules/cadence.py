"""The slots of a schedule: the instants for which it fires, once each. Pure.

An interval's slots are the multiples of its seconds since 1970 in UTC, so that every host counts
the same ones: every 900 s means :00, :15, :30 and :45.

A cron expression has the five fields of Debian's cron, meant in the schedule's time zone. When
the clocks change:

* minute and hour without a star ("30 2 * * *"): a time that is skipped in spring comes right
  after the gap, at 03:00; a time that comes twice in autumn counts the first time only.
* minute or hour with a star ("*/30 * * * *"): the skipped hour has no slots, the doubled hour
  has those of both its passes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

MOST_COUNTED = 10_000  # missed slots; beyond, nobody cares for the figure or the slot
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Cadence:
    """When: a cron expression in a time zone, or an interval."""

    cron: str = ""
    every_seconds: int | None = None
    time_zone: str = "UTC"

    def __str__(self) -> str:
        return f"{self.cron} {self.time_zone}" if self.cron else f"every {self.every_seconds} s"


@dataclass(frozen=True)
class Due:
    """The latest slot that has come, and how many before it got no run of their own."""

    slot: dt.datetime
    missed: int


def troubles(cadence: Cadence, now: dt.datetime) -> dict[str, str]:
    """What is wrong with it, by field; empty for a cadence that every function here takes."""
    found = _zone_trouble(cadence.time_zone)
    if bool(cadence.cron) == (cadence.every_seconds is not None):
        which = "both" if cadence.cron else "neither"
        found["cron"] = f"Give either a cron expression or an interval, not {which}."
    elif cadence.cron and not found:
        found |= _cron_trouble(cadence, now)
    elif not cadence.cron and not _is_positive(cadence.every_seconds):
        found["every_seconds"] = "An interval is a whole number of seconds, at least 1."
    return found


def _zone_trouble(name: object) -> dict[str, str]:
    try:
        ZoneInfo(name)  # type: ignore[arg-type]  # a row may hold anything
    except Exception:  # its file may be missing, a folder, malformed, outside: all is unknown
        return {"time_zone": f"There is no time zone {name!s:.60}; write it as Europe/Berlin."}
    return {}


def _cron_trouble(cadence: Cadence, now: dt.datetime) -> dict[str, str]:
    fields = len(cadence.cron.split())
    try:
        if fields != 5:
            raise CronSimError(f"it has {fields} fields, not 5")
        next_slot(cadence, now)
    except CronSimError as error:
        return {"cron": f"{cadence.cron!r} is no cron expression: {error}."}
    except StopIteration:
        return {"cron": f"{cadence.cron!r} never comes."}
    return {}


def _is_positive(seconds: object) -> bool:
    return isinstance(seconds, int) and seconds > 0


def slots_after(cadence: Cadence, at: dt.datetime) -> Iterator[dt.datetime]:
    """The slots later than `at`, in UTC, without end."""
    if cadence.every_seconds is not None:
        yield from _multiples(at, dt.timedelta(seconds=cadence.every_seconds))
    last = at
    for slot in CronSim(cadence.cron, at.astimezone(ZoneInfo(cadence.time_zone))):
        in_utc = slot.astimezone(dt.UTC)
        if in_utc > last:  # within a doubled hour the first pass is told again
            last = in_utc
            yield in_utc


def _multiples(at: dt.datetime, step: dt.timedelta) -> Iterator[dt.datetime]:
    slot = _EPOCH + ((at - _EPOCH) // step) * step
    while True:
        slot += step
        yield slot


def next_slot(cadence: Cadence, at: dt.datetime) -> dt.datetime:
    """The first slot later than `at`. Raises StopIteration for a cron that never comes."""
    return next(slots_after(cadence, at))


def due(cadence: Cadence, slot: dt.datetime, now: dt.datetime) -> Due:
    """What is to be made up for, `slot` being the first one that nobody fired."""
    latest, missed = slot, 0
    for each in islice(slots_after(cadence, slot), MOST_COUNTED):
        if each > now:
            break
        latest, missed = each, missed + 1
    return Due(latest, missed)


def fires_at(slot: dt.datetime, *, key: int, jitter_seconds: int) -> dt.datetime:
    """The slot, up to `jitter_seconds` later: the same for everybody who asks for this `key`."""
    drawn = hashlib.sha256(f"{key}:{slot.isoformat()}".encode()).digest()
    share = int.from_bytes(drawn[:8]) / 2**64
    return slot + dt.timedelta(seconds=int(share * jitter_seconds))
