"""When a movie is fetched again. Pure.

The changes feed brings what an editor of TMDB's touched; votes, popularity and where a film can
be watched move without it, and most while a title is young. TMDB's terms allow to keep its data
for six months: the longest age leaves a month for a backlog.
"""

from __future__ import annotations

import datetime as dt

YOUNG_DAYS, RECENT_DAYS, LONGEST_DAYS = 14, 60, 150
TERMS_DAYS = 180
GONE_DAYS = 30  # an id that TMDB did not know may be known then
_YOUNG = dt.timedelta(days=120)  # before and after the release
_RECENT = dt.timedelta(days=730)
_SPREAD = 0.1  # what was fetched in one night does not fall due in one night


def refresh_days(tmdb_id: int, release_date: dt.date | None, today: dt.date) -> float:
    """After how many days; a part of it is the id's own, so that a crawl spreads out."""
    whole = _whole_days(release_date, today)
    return whole * (1 - _SPREAD * (tmdb_id % 101) / 101)


def _whole_days(release_date: dt.date | None, today: dt.date) -> int:
    if release_date is None:
        return LONGEST_DAYS
    age = today - release_date
    if abs(age) <= _YOUNG:
        return YOUNG_DAYS
    return RECENT_DAYS if age <= _RECENT else LONGEST_DAYS


def due_at(tmdb_id: int, release_date: dt.date | None, now: dt.datetime) -> dt.datetime:
    """When a movie that was fetched `now` is fetched again."""
    return now + dt.timedelta(days=refresh_days(tmdb_id, release_date, now.date()))


def is_current(fetched_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a movie that a crawl comes by need not be asked for."""
    return fetched_at is not None and fetched_at > now - dt.timedelta(days=LONGEST_DAYS)
