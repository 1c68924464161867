"""Writing ratings: each source its own rows, only where something is new."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db import connection

from popflix.lib.batches import chunk
from popflix.lib.upserts import upsert
from sync.movies.held import IN_ONE_STATEMENT
from sync.movies.models import MovieRating
from sync.movies.ratings import RatingValue

_KEY = ("movie_id", "source")
_SAID = ("value", "scale", "votes", "rated_at", "from_what")


class Rated(NamedTuple):
    """What a source says of a movie, when, and in which answer or file."""

    movie_id: int
    rating: RatingValue
    rated_at: dt.datetime
    from_what: str


def write_ratings(rated: Sequence[Rated], *, of_new: Collection[int] = ()) -> int:
    """Write those that differ and are not older than what is held; returns how many.

    In the caller's transaction. A source that is not in `rated` keeps what it said. Of movies
    `of_new`, which this transaction inserted, nothing can be held.
    """
    held = _read({one.movie_id for one in rated}.difference(of_new))
    ops = connection.ops
    rows = {}
    for movie_id, rating, rated_at, from_what in sorted(rated, key=lambda one: one.rated_at):
        key = movie_id, str(rating.source)
        before = held.get(key)
        if before and (before[:2] == (rating.value, rating.votes) or before[2] > rated_at):
            continue
        rows[key] = (
            *key,
            ops.adapt_decimalfield_value(rating.value, 6, 3),
            rating.scale,
            rating.votes,
            ops.adapt_datetimefield_value(rated_at),
            from_what,
        )
    written = [rows[key] for key in sorted(rows)]
    upsert(MovieRating, (*_KEY, *_SAID), written, key=_KEY, updated=_SAID)
    return len(rows)


def _read(movie_ids: set[int]) -> dict[tuple[int, str], tuple[object, object, dt.datetime]]:
    found = {}
    for some in chunk(sorted(movie_ids), IN_ONE_STATEMENT):
        rows = MovieRating.objects.filter(movie__id__one_of=some)
        for movie_id, source, value, votes, at in rows.values_list(
            *_KEY, "value", "votes", "rated_at"
        ):
            found[movie_id, source] = (value, votes, at)
    return found
