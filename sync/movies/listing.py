"""Ids of a source become work: those that nobody asked for yet, and are not held fresh."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from popflix.engine.models import Lane
from popflix.lib.batches import chunk
from sync.movies.due import is_current
from sync.movies.held import IN_ONE_STATEMENT
from sync.movies.models import AskedBy, Movie, MovieFetch
from sync.movies.work import ask_for


def list_ids(
    media_type: str,
    ids: Collection[int],
    *,
    asked_by: AskedBy,
    now: dt.datetime,
    lane: int = Lane.BACKFILL,
) -> int:
    """Have these ids fetched, in the caller's transaction; returns how many are new work.

    An id that has a work row keeps it as it is: it was asked for before. What is held fresh, or
    excluded by an operator, is passed over.
    """
    unknown = needed_ids(media_type, ids, now)
    ask_for(media_type, unknown, asked_by=asked_by, lane=lane, due_at=now, now=now)
    return len(unknown)


def needed_ids(media_type: str, ids: Collection[int], now: dt.datetime) -> dict[int, int | None]:
    """Those of `ids` without a work row that have to be fetched, each with its movie if held."""
    needed: dict[int, int | None] = {}
    for some in chunk(sorted(ids), IN_ONE_STATEMENT):
        asked = MovieFetch.objects.filter(media_type=media_type, tmdb_id__one_of=some)
        known = set(asked.values_list("tmdb_id", flat=True))
        fresh = dict.fromkeys(number for number in some if number not in known)
        needed |= fresh
        held = Movie.objects.filter(media_type=media_type, tmdb_id__one_of=fresh)
        for tmdb_id, movie_id, fetched_at, excluded_at in held.values_list(
            "tmdb_id", "id", "fetched_at", "excluded_at"
        ):
            if excluded_at is not None or is_current(fetched_at, now):
                del needed[tmdb_id]
            else:
                needed[tmdb_id] = movie_id
    return needed
