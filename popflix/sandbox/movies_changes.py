"""/movie/changes and /tv/changes: the ids that were touched on some days, never how."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from random import Random
from typing import Any

from popflix.sandbox.answers import Answer, encode, failure
from popflix.sandbox.movies import Film, Films

PAGE = 100
MOST_DAYS = 14
_TOUCHED_EACH = 250  # one in so many is touched each day
TOO_WIDE = failure(422, 20, "Invalid date range: Should be a range no longer than 14 days.")
BAD_DATE = failure(400, 23, "Invalid date: Format needs to be YYYY-MM-DD.")


def changed(films: Films, params: Mapping[str, str], today: dt.date, number: int) -> Answer:
    """Page `number` of the changes; without dates, those of the last day."""
    try:
        end = dt.date.fromisoformat(params.get("end_date") or today.isoformat())
        before = end - dt.timedelta(days=1)
        start = dt.date.fromisoformat(params.get("start_date") or before.isoformat())
    except (ValueError, OverflowError):
        return BAD_DATE
    if not 0 <= (end - start).days <= MOST_DAYS:
        return TOO_WIDE
    touched = sorted(_touched(films, start, end, today))
    shown = touched[(number - 1) * PAGE : number * PAGE]
    body = {
        "results": [_item(films.film(index)) for index in shown],
        "page": number,
        "total_pages": max(1, -(-len(touched) // PAGE)),
        "total_results": len(touched),
    }
    return Answer(200, encode(body), f"changes/{films.media_type}", keep=False)


def _touched(films: Films, start: dt.date, end: dt.date, today: dt.date) -> set[int]:
    """A few of each day up to today, gone ones among them; the last revision was made today."""
    found: set[int] = set()
    for ordinal in range(start.toordinal(), min(end, today).toordinal() + 1):
        random = Random(f"{films.seed} {films.media_type} {ordinal}")
        many = max(1, films.count // _TOUCHED_EACH)
        found.update(random.randrange(films.count) for _ in range(many))
    if start <= today <= end:
        found.update(index for index in range(films.count) if films.is_changed(index))
    return found


def _item(film: Film) -> dict[str, Any]:
    return {"id": film.tmdb_id, "adult": film.adult, "softcore": False}
