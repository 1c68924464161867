"""Spans of dates of a list that serves only so many pages, and what to do with each. Pure.

    new --> 1 page .. cap            --> its pages are read, then counted against the total
        --> more pages, several days --> split in two halves
        --> more pages, one day      --> read from both ends, which reaches twice the cap

A list moves while it is read: what slides from one page to the page before is never seen. So a
window is read whole only when as many titles were seen as it says to have; until then it is read
again, the other way round, and at last split: a single page moves no more.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum, auto

# What TMDB's own fields may hold; outside of it lies nothing but slips of the pen.
FIRST_DAY, LAST_DAY = dt.date(1800, 1, 1), dt.date(2199, 12, 31)
BY_DATE, BY_DATE_DOWN = "date.asc", "date.desc"
BY_FAME, BY_FAME_DOWN = "popularity.asc", "popularity.desc"
_OTHER_WAY = {
    BY_DATE: BY_DATE_DOWN, BY_DATE_DOWN: BY_DATE, BY_FAME: BY_FAME_DOWN, BY_FAME_DOWN: BY_FAME,
}  # fmt: skip
MOST_PASSES = 3


@dataclass(frozen=True, slots=True)
class Span:
    """Both days are in it."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def halves(self) -> tuple[Span, Span]:
        """Raises ValueError for a single day."""
        if self.days < 2:
            raise ValueError(f"{self.first} is one day")
        middle = self.first + dt.timedelta(days=self.days // 2 - 1)
        return Span(self.first, middle), Span(middle + dt.timedelta(days=1), self.last)


class Move(Enum):
    """What becomes of a window."""

    READ = auto()  # its pages, from the next one on
    AGAIN = auto()  # all of them, the other way round
    SPLIT = auto()
    BOTH_ENDS = auto()  # as far as the cap lets, once from each end
    DONE = auto()
    SHORT = auto()  # read as far as it goes; what is missing cannot be reached this way


def first_move(span: Span, total_pages: int, cap: int) -> Move:
    """Of a window whose first page was just read."""
    if total_pages <= cap:
        return Move.READ
    return Move.SPLIT if span.days > 1 else Move.BOTH_ENDS


def last_move(
    span: Span, *, seen: int, total_results: int, total_pages: int, passes: int, cap: int
) -> Move:
    """Of a window all of whose pages were read `passes` times, with `seen` titles by then."""
    if seen >= total_results:
        return Move.DONE
    if total_pages > cap and passes < 2 and span.days == 1:
        return Move.AGAIN
    if total_pages > cap or passes >= MOST_PASSES:
        return Move.SPLIT if span.days > 1 else Move.SHORT
    return Move.AGAIN


def other_way(order: str) -> str:
    return _OTHER_WAY.get(order, order)  # changes have but one


def day_windows(since: dt.date, today: dt.date, most_days: int) -> list[Span]:
    """The days from `since` to `today`, each by itself; no further back than `most_days`."""
    first = max(since, today - dt.timedelta(days=most_days - 1))
    days = [first + dt.timedelta(days=n) for n in range((today - first).days + 1)]
    return [Span(day, day) for day in days]
