"""Why a movie holds what it holds, field by field, and the body that it was read from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.text import Truncator

from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.http import BadPayload, Unavailable
from sync.movies.asking import images_wanted
from sync.movies.bodies import Body, unpack
from sync.movies.fields import FIELDS, Source, is_blank
from sync.movies.merge import Merged
from sync.movies.models import Movie
from sync.movies.outcomes import locks_of
from sync.movies.planning import Fetched, plan_movies
from sync.movies.transform import read_movie

MOST_SHOWN = 60_000  # characters of a body
_VALUE_LENGTH = 160
_NOTHING = "–"


@dataclass(frozen=True)
class Reason:
    """One field: what it holds, who said so, and what else is known of it."""

    field: str
    value: str
    source: str
    why: str


class Evidence:
    """`movie` comes with its payload. `problem` says why the payload cannot be read."""

    def __init__(self, movie: Movie) -> None:
        self.movie, self.problem, self.text = movie, "", ""
        now = SYSTEM_CLOCK.now()
        self._locked = frozenset(locks_of([movie.pk], now).get(str(movie.pk), ()))
        self._planned = self._plan()

    def _plan(self) -> Merged | None:
        """What the present transform would make of the body that is held."""
        payload, movie = self.movie.payload, self.movie
        if payload is None or movie.fetched_at is None:
            return None
        try:
            body = unpack(bytes(payload.body))
            self.text = _pretty(body)
            values = read_movie(body, movie.media_type, images_wanted())
        except (BadPayload, Unavailable, ValueError) as error:
            self.problem = str(error)
            return None
        packed = Body(payload.sha256, bytes(payload.body), payload.size)
        locked = {str(movie.pk): self._locked}
        planned = plan_movies(
            [Fetched(values, packed, movie.fetched_at)], locks_of=lambda ids: locked
        )
        return planned.get((movie.media_type, movie.tmdb_id))

    @property
    def is_cut(self) -> bool:
        return len(self.text) > MOST_SHOWN

    @property
    def shown_text(self) -> str:
        return self.text[:MOST_SHOWN]

    @property
    def reasons(self) -> list[Reason]:
        return [self._reason(name) for name in FIELDS]

    def _reason(self, name: str) -> Reason:
        value = getattr(self.movie, name)
        if is_blank(name, value):
            return Reason(name, _NOTHING, "nobody", self._beside(name))
        source = Source(self.movie.origins.get(name, Source.TMDB)).subject
        told = Truncator(json.dumps(value, default=str, ensure_ascii=False)).chars(_VALUE_LENGTH)
        return Reason(name, told.strip('"'), source, self._beside(name))

    def _beside(self, name: str) -> str:
        """What is not taken, or would change, and why."""
        told = ["An operator locked it."] if name in self._locked else []
        planned = self._planned
        if planned is not None:
            told += [f"Refused {_short(each.value)}: {each.reason}" for each in planned.refusals
                     if each.field == name]  # fmt: skip
            told += [f"A replay writes {_short(each.after)}: {each.reason}"
                     for each in planned.changes if each.field == name]  # fmt: skip
        return " ".join(told)


def _short(value: object) -> str:
    return Truncator(str(value)).chars(60)


def _pretty(body: bytes) -> str:
    said: Mapping[str, object] = json.loads(body)
    return json.dumps(said, ensure_ascii=False, indent=2)
