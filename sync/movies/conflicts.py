"""IMDb ids that do not agree: found and recorded for a person, never settled by overwriting."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import connection

from popflix.lib.batches import chunk
from popflix.lib.upserts import insert_missing
from sync.links.models import Enrichment
from sync.movies.held import IN_ONE_STATEMENT, Key
from sync.movies.models import ConflictKind, ImdbConflict, Movie

_KEY = ("movie_id", "kind", "imdb_id")
_COLUMNS = (*_KEY, "other_movie_id", "other_title_id", "found_at")


class Conflict(NamedTuple):
    """`imdb_id` is what TMDB says of the movie."""

    movie_id: int
    kind: str
    imdb_id: str
    other_movie_id: int | None = None
    other_title_id: str | None = None


def find_conflicts(
    named: Mapping[Key, tuple[int, str]], refused: Mapping[int, str]
) -> set[Conflict]:
    """`named`: of the movies whose IMDb id is new, by key their row and that id; `refused`: by row
    an id that TMDB names instead of the one that is held."""
    tconsts = {tconst for _, tconst in named.values()}
    found = {Conflict(movie, ConflictKind.CHANGED, tconst) for movie, tconst in refused.items()}
    found |= _shared({movie for movie, _ in named.values()}, tconsts)
    return found | _other_links(named, tconsts)


def write_conflicts(found: Collection[Conflict], now: dt.datetime) -> None:
    """Record those that are new, in the caller's transaction."""
    at = connection.ops.adapt_datetimefield_value(now)
    rows = [(*each, at) for each in sorted(found, key=lambda each: each[:3])]
    insert_missing(ImdbConflict, _COLUMNS, rows, key=_KEY)


def _shared(movies: set[int], tconsts: set[str]) -> set[Conflict]:
    """Who bears an id that another movie had before; the earlier row is the other."""
    bearers: defaultdict[str, list[int]] = defaultdict(list)
    for some in chunk(sorted(tconsts), IN_ONE_STATEMENT):
        rows = Movie.objects.filter(imdb_id__one_of=some).order_by("id")
        for movie, tconst in rows.values_list("id", "imdb_id"):
            bearers[tconst].append(movie)
    return {
        Conflict(movie, ConflictKind.SHARED, tconst, other_movie_id=those[0])
        if movie != those[0]
        else Conflict(movie, ConflictKind.SHARED, tconst, other_movie_id=those[1])
        for tconst, those in bearers.items()
        if len(those) > 1
        for movie in those
        if movie in movies
    }


def _other_links(named: Mapping[Key, tuple[int, str]], tconsts: set[str]) -> set[Conflict]:
    """Whose title has media links that lead to another record of TMDB's."""
    leads: dict[str, tuple[str, int | None]] = {}
    for some in chunk(sorted(tconsts), IN_ONE_STATEMENT):
        rows = Enrichment.objects.filter(pk__in=some, link__tmdb_id__isnull=False)
        for tconst, media_type, tmdb_id in rows.values_list("pk", "media_type", "link__tmdb_id"):
            leads[tconst] = (media_type, tmdb_id)
    return {
        Conflict(movie, ConflictKind.LINKS, tconst, other_title_id=tconst)
        for key, (movie, tconst) in named.items()
        if tconst in leads and leads[tconst][0] and leads[tconst] != key
    }
