"""One question about one id, and its answer: what the fetching threads do. No ORM."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings

from popflix.lib.clock import Clock
from sync.movies.bodies import Body, pack
from sync.movies.held import Key
from sync.movies.transform import Images, MovieValues, read_movie
from sync.tmdb.catalogue import CatalogueClient


@dataclass(frozen=True, slots=True)
class Asked:
    """A claimed work row. `movie_id` is the movie that is held of it; `attempts` counts this."""

    id: int
    key: Key
    movie_id: int | None
    lane: int
    attempts: int
    token: str


@dataclass(frozen=True, slots=True)
class Answered:
    values: MovieValues
    body: Body
    fetched_at: dt.datetime


class Asking:
    """Thread-safe. Raises what the client raises, and BadPayload for what cannot be read."""

    def __init__(self, client: CatalogueClient, images: Images, clock: Clock) -> None:
        self._client, self._images, self._clock = client, images, clock

    def ask(self, item: Asked) -> Answered:
        media_type, tmdb_id = item.key
        body = self._client.full(media_type, tmdb_id, item.lane)
        fetched_at = self._clock.now()
        return Answered(read_movie(body, media_type, self._images), pack(body), fetched_at)


def images_wanted() -> Images:
    """Where pictures are and in which sizes, as the settings say."""
    return Images(
        settings.TMDB_IMAGE_BASE_URL, settings.TMDB_POSTER_SIZE, settings.TMDB_BACKDROP_SIZE
    )
