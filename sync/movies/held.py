"""Reading what the tables hold of movies, locked for whoever is about to write."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from django.db.models import Model, QuerySet

from popflix.lib.batches import chunk
from sync.movies.fields import BLANK, FIELDS
from sync.movies.models import Movie

Key = tuple[str, int]  # media type and TMDB's id
IN_ONE_STATEMENT = 1000
M = TypeVar("M", bound=Model)


class Mark(NamedTuple):
    """Enough of a movie to tell whether an answer is news."""

    id: int
    payload: str | None
    fetched_at: dt.datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Held:
    values: Mapping[str, object]
    origins: Mapping[str, str]
    payload: str | None


NOTHING = Held(BLANK, {}, None)  # of a movie that is not there yet


def lock_marks(keys: Iterable[Key]) -> dict[Key, Mark]:
    """The movies among `keys` that exist, locked until the transaction ends."""
    return _marks(Movie.objects.select_for_update().order_by("id"), keys)


def marks_of(keys: Iterable[Key]) -> dict[Key, Mark]:
    """The same for whoever only looks."""
    return _marks(Movie.objects.all(), keys)


def _marks(movies: QuerySet[Movie], keys: Iterable[Key]) -> dict[Key, Mark]:
    columns = ("media_type", "tmdb_id", "id", "payload_id", "fetched_at", "upstream_state")
    found = {}
    for rows in of_keys(movies, keys):
        for media_type, tmdb_id, *mark in rows.values_list(*columns):
            found[media_type, tmdb_id] = Mark(*mark)
    return found


def ids_of(keys: Iterable[Key]) -> dict[Key, int]:
    """The ids of the movies among `keys` that exist."""
    return {
        (media_type, tmdb_id): number
        for rows in of_keys(Movie.objects.all(), keys)
        for media_type, tmdb_id, number in rows.values_list("media_type", "tmdb_id", "id")
    }


def read_held(ids: Collection[int]) -> dict[int, Held]:
    """What these movies hold, field by field."""
    found = {}
    for some in chunk(ids, IN_ONE_STATEMENT):
        rows = Movie.objects.filter(id__one_of=some)
        for number, origins, payload, *values in rows.values_list(
            "id", "origins", "payload_id", *FIELDS
        ):
            found[number] = Held(dict(zip(FIELDS, values, strict=True)), origins, payload)
    return found


def of_keys(rows: QuerySet[M], keys: Iterable[Key]) -> Iterator[QuerySet[M]]:
    """`rows` narrowed to `keys`, in statements that no database finds too long."""
    by_type: defaultdict[str, list[int]] = defaultdict(list)
    for media_type, tmdb_id in keys:
        by_type[media_type].append(tmdb_id)
    for media_type, numbers in sorted(by_type.items()):
        for some in chunk(sorted(numbers), IN_ONE_STATEMENT):
            yield rows.filter(media_type=media_type, tmdb_id__one_of=some)
