"""When a row is checked, first and again, and what becomes of one that stays unknown. Pure.

| the check found           | checked again                                                  |
|---------------------------|----------------------------------------------------------------|
| an answer                 | after `stale_hours`, spread by the row's own id                |
| the opposite of what is known | when the candidate is old enough (`decide`)                |
| nothing                   | by back-off: 5 min, 20 min, 80 min, at most 6 h                |
| nothing, no IMDb id being known | after `stale_hours`: nobody was asked                    |
| nothing, too often        | when an operator asks: a dead letter                           |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 300.0, 21_600.0
_SPREAD = 0.05  # each way: what was checked in one night does not fall due in one minute
_STEPS = 101  # ids that are neighbours lie far apart in time

# A movie nobody asked about yet is due this much earlier for each point of TMDB's popularity
# (a film that everybody speaks of has some hundreds, most have less than one).
SECONDS_A_POINT = 600
MOST_POINTS = 5000  # 35 days

OPERATOR, ON_SALE, BACKFILL = 0, 1, 3  # of `popflix.engine.models.Lane`


def next_check(row_id: int, at: dt.datetime, stale_hours: float) -> dt.datetime:
    """After an answer at `at`; within 5 % of `stale_hours`, always the same for one row."""
    share = 1 - _SPREAD + 2 * _SPREAD * (row_id % _STEPS) / (_STEPS - 1)
    return at + dt.timedelta(hours=stale_hours * share)


def first_check(popularity: float | None, now: dt.datetime) -> dt.datetime:
    """Of a row that is made `now`: due at once, the more popular the earlier."""
    points = min(max(popularity or 0.0, 0.0), MOST_POINTS)
    return now - dt.timedelta(seconds=points * SECONDS_A_POINT)


def retry_at(attempts: int, now: dt.datetime, random01: float) -> dt.datetime:
    """After so many checks in a row that found nothing; `random01` in [0, 1) spreads them."""
    whole = min(FIRST_RETRY_SECONDS * 4.0 ** max(attempts - 1, 0), LONGEST_RETRY_SECONDS)
    return now + dt.timedelta(seconds=whole * (0.5 + random01 / 2))


def soonest(instants: Iterable[dt.datetime | None]) -> dt.datetime | None:
    """None where there is none."""
    return min((each for each in instants if each is not None), default=None)


def settled_lane(lane: int, *, is_known: bool, is_doubted: bool) -> int:
    """An operator's click is spent once checked. A show on sale hurries its movie until an
    answer stands; whoever still has it on sale then says so again."""
    if lane == OPERATOR:
        return BACKFILL
    return BACKFILL if lane == ON_SALE and is_known and not is_doubted else lane
