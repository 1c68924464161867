"""What of a programme cannot be, or hardly: told to the operator, never held for. Pure.

Rows that are inactive or missing are ignored: a cancelled show collides with nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from reconcile.changes.types import Row

TURNAROUND_MINUTES = 15  # to let one audience out and the next one in
LEAST_HISTORY = 50  # shows, before hours are learnt
HOURS_MARGIN_MINUTES = 60  # around the hours that a cinema is known for
_OUTLIERS_PERCENT = 1  # of the history, at either end
_DAY_BEGINS = 5 * 60  # a night show belongs to the evening before
_DAY = 24 * 60
_LOOK_BACK = dt.timedelta(hours=25)  # no clock was ever put forward by more than a day
_NUMBERS = re.compile(r"\d+")


class Oddity(StrEnum):
    OVERLAP = "overlap"
    SPELLING = "spelling"  # the same film at the same minute on two spellings of a screen
    CLOCKS = "clocks"  # begins where clocks are put forward
    HOURS = "hours"  # begins when this cinema never plays


@dataclass(frozen=True, slots=True)
class Impossible:
    kind: Oddity
    row_ids: tuple[int, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Hours:
    """When shows begin, in minutes after five in the morning."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{_clock(self.first)} and {_clock(self.last)}"


def warnings(
    rows: Iterable[Row],
    zone: dt.tzinfo,
    is_active: Callable[[str | None], bool],
    lengths: Mapping[str, int] | None = None,
    hours: Hours | None = None,
    turnaround_minutes: int = TURNAROUND_MINUTES,
) -> list[Impossible]:
    """Of the rows of one cinema, or of one screen of it, ordered by start.

    `is_active` knows the feed's words. `lengths` are minutes by movie_id, for rows without any.
    """
    told: list[tuple[Row, Impossible]] = []
    for of_screen in _by_screen(rows, is_active).values():
        told += _overlaps(of_screen, zone, lengths or {}, turnaround_minutes)
        told += _two_spellings(of_screen, zone)
        for row in of_screen:
            told += _odd_start(row, zone, hours)
    return [found for _, found in sorted(told, key=_order)]


def learnt_hours(starts: Iterable[dt.datetime], zone: dt.tzinfo) -> Hours | None:
    """Between when a cinema's shows begin, odd ones left out; None while too few are known."""
    known = sorted(_minute(start, zone) for start in starts)
    if len(known) < LEAST_HISTORY:
        return None
    odd = len(known) * _OUTLIERS_PERCENT // 100
    return Hours(known[odd], known[-1 - odd])


@lru_cache(maxsize=10_000)  # screens are few, shows are many
def screen_identity(name: str) -> tuple[str, tuple[int, ...]]:
    """The same for all spellings of a screen: AUDI 1, Audi 01, AUDI1 and the slip AUID 1."""
    letters = sorted(letter for letter in name.casefold() if letter.isalpha())
    return "".join(letters), tuple(int(each) for each in _NUMBERS.findall(name))


def _by_screen(
    rows: Iterable[Row], is_active: Callable[[str | None], bool]
) -> Mapping[object, list[Row]]:
    screens: dict[object, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda each: (each.show_time, each.key, each.id)):
        if row.missing_since is None and is_active(row.is_active):
            screens[row.cinema_id, screen_identity(row.screen_name)].append(row)
    return screens


def _order(told: tuple[Row, Impossible]) -> tuple[dt.datetime, Oddity, tuple[int, ...]]:
    row, found = told
    return row.show_time, found.kind, found.row_ids


# --- on one screen ------------------------------------------------------------------------------


def _overlaps(
    rows: Sequence[Row], zone: dt.tzinfo, lengths: Mapping[str, int], turnaround_minutes: int
) -> Iterable[tuple[Row, Impossible]]:
    """Each show against the one before it that ends last. An unknown length ends at once."""
    turnaround = dt.timedelta(minutes=turnaround_minutes)
    running: Row | None = None
    for row in rows:
        end = _end(row, lengths)
        if running is not None and not _is_same_show(running, row):
            free = _end(running, lengths)
            if row.show_time < free + turnaround:
                words = _collision(running, row, free, zone, turnaround_minutes)
                yield row, Impossible(Oddity.OVERLAP, (running.id, row.id), words)
        if running is None or end > _end(running, lengths):
            running = row


def _collision(
    running: Row, row: Row, end: dt.datetime, zone: dt.tzinfo, turnaround_minutes: int
) -> str:
    at = _begins(row, zone)
    minutes = int((row.show_time - end) // dt.timedelta(minutes=1))
    ends = f"{running.title} ends at {_local(end, zone)}"
    if minutes < 0:
        return f"{at}, but {ends}"
    return f"{at}, {minutes} min after {ends}: {turnaround_minutes} min lie between shows at least"


def _two_spellings(rows: Sequence[Row], zone: dt.tzinfo) -> Iterable[tuple[Row, Impossible]]:
    at_once: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        at_once[row.show_time, row.movie_id].append(row)
    for same in at_once.values():
        for one, other in pairwise(same):
            words = (
                f"{other.title} begins at {_local(other.show_time, zone)} on {one.screen_name} "
                f"and on {other.screen_name}, which look like one screen"
            )
            if one.screen_name != other.screen_name:
                yield other, Impossible(Oddity.SPELLING, (one.id, other.id), words)


def _is_same_show(one: Row, other: Row) -> bool:
    """Told as two spellings of a screen instead."""
    return one.movie_id == other.movie_id and one.show_time == other.show_time


def _end(row: Row, lengths: Mapping[str, int]) -> dt.datetime:
    minutes = row.length if row.length is not None else lengths.get(row.movie_id, 0)
    return row.show_time + dt.timedelta(minutes=max(0, minutes))


# --- of one show --------------------------------------------------------------------------------


def _odd_start(row: Row, zone: dt.tzinfo, hours: Hours | None) -> Iterable[tuple[Row, Impossible]]:
    gap = forward(row.show_time, zone)
    if gap:
        at = _begins(row, zone)
        minutes = int(gap // dt.timedelta(minutes=1))
        meant = _local(row.show_time - gap, dt.timezone(_offset(row.show_time, zone)))
        words = f"{at}, just after clocks were put forward by {minutes} min: is {meant} meant?"
        yield row, Impossible(Oddity.CLOCKS, (row.id,), words)
    if hours is not None and not _is_usual(_minute(row.show_time, zone), hours):
        words = f"{_begins(row, zone)}; shows of this cinema begin between {hours}"
        yield row, Impossible(Oddity.HOURS, (row.id,), words)


def _is_usual(minute: int, hours: Hours) -> bool:
    return hours.first - HOURS_MARGIN_MINUTES <= minute <= hours.last + HOURS_MARGIN_MINUTES


def _begins(row: Row, zone: dt.tzinfo) -> str:
    return f"{row.title} begins at {_local(row.show_time, zone)} on {row.screen_name}"


def forward(instant: dt.datetime, zone: dt.tzinfo) -> dt.timedelta | None:
    """By how much clocks were put forward, if that was less than as much before `instant`.

    A feed's time that no clock shows, as 02:30 in that night, was taken for such an instant.
    """
    before, now = _offset(instant - _LOOK_BACK, zone), _offset(instant, zone)
    gap = now - before
    return gap if gap > dt.timedelta(0) and _offset(instant - gap, zone) == before else None


def _offset(instant: dt.datetime, zone: dt.tzinfo) -> dt.timedelta:
    return instant.astimezone(zone).utcoffset() or dt.timedelta(0)


def _minute(instant: dt.datetime, zone: dt.tzinfo) -> int:
    local = instant.astimezone(zone)
    return (local.hour * 60 + local.minute - _DAY_BEGINS) % _DAY


def _clock(minute: int) -> str:
    hours, minutes = divmod((minute + _DAY_BEGINS) % _DAY, 60)
    return f"{hours:02}:{minutes:02}"


def _local(instant: dt.datetime, zone: dt.tzinfo) -> str:
    return f"{instant.astimezone(zone):%H:%M}"
