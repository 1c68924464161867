"""Why a movie holds what it holds, field by field, and the body that it was read from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.text import Truncator, capfirst

from popflix.lib import field_locks
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.http import BadPayload, Unavailable
from sync.movies.asking import images_wanted
from sync.movies.bodies import Body, unpack
from sync.movies.field_words import TOGETHER, field_name, worded
from sync.movies.fields import FIELDS, Source, is_blank
from sync.movies.merge import Merged
from sync.movies.models import Movie
from sync.movies.outcomes import LOCKED_TABLE
from sync.movies.planning import Fetched, plan_movies
from sync.movies.transform import read_movie

MOST_SHOWN = 60_000  # characters of a body
_VALUE_LENGTH = 160
_NOBODY = "nobody"


@dataclass(frozen=True)
class Reason:
    """One field: what it holds, who said so, until when it is locked, and what else is known."""

    name: str
    label: str
    value: str
    source: str
    lock: str
    beside: str


class Evidence:
    """`movie` comes with its payload. `problem` says why the payload cannot be read."""

    def __init__(self, movie: Movie) -> None:
        self.movie, self.problem, self.text = movie, "", ""
        locks = field_locks.locks_of(LOCKED_TABLE, [movie.pk], SYSTEM_CLOCK.now())
        self._locked = locks.get(str(movie.pk), {})
        self._said: Mapping[str, object] | None = None
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
        self._said = values.said()
        packed = Body(payload.sha256, bytes(payload.body), payload.size)
        locked = {str(movie.pk): frozenset(self._locked)}
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
    def has_offers(self) -> bool:
        """Whether JustWatch stands behind a part of the body that is shown."""
        return '"watch/providers"' in self.shown_text

    @property
    def would_change(self) -> bool:
        """Whether a replay of the body would write anything."""
        return self._planned is not None and bool(self._planned.changes)

    @property
    def reasons(self) -> list[Reason]:
        values = {name: getattr(self.movie, name) for name in FIELDS}
        return [self._reason(name, values) for name in TOGETHER]

    def _reason(self, name: str, values: Mapping[str, object]) -> Reason:
        told = Truncator(worded(name, values)).chars(_VALUE_LENGTH)
        return Reason(
            name, capfirst(field_name(name)), told, self._source(name, values),
            self._lock(name), self._beside(name),
        )  # fmt: skip

    def _source(self, name: str, values: Mapping[str, object]) -> str:
        """Of the first of those that belong together which holds something."""
        for field in TOGETHER[name]:
            if not is_blank(field, values[field]):
                return Source(self.movie.origins.get(field, Source.TMDB)).subject
        return _NOBODY

    def _lock(self, name: str) -> str:
        kept = next((self._locked[each] for each in TOGETHER[name] if each in self._locked), None)
        if kept is None:
            return ""
        return f"{kept.until_words}, by {kept.by}{f': {kept.why}' if kept.why else ''}"

    def _beside(self, name: str) -> str:
        """What is not taken, or would change, and why: of those that belong together the first."""
        planned, said = self._planned, self._said
        if planned is None or said is None:
            return ""
        told = []
        if is_blank(name, getattr(self.movie, name)):
            has_none = name in said and is_blank(name, said[name])
            told = ["TMDB says that there is none."] if has_none else []
            told = told if name in said else ["TMDB says nothing of it."]
        for each in planned.refusals:
            if each.field == name:
                who = each.source.subject
                told.append(f"{who} says {_said(name, each.value)}: {each.reason}.")
        for change in planned.changes:
            if change.field == name:
                after = _said(name, change.after)
                told.append(f"A replay writes {after}: {_within(change.reason)}")
        return " ".join(told)


def _said(name: str, value: object) -> str:
    return _short(worded(name, {name: value, "year": None}))


def _within(sentence: str) -> str:
    """As the second half of a sentence; names keep their capitals."""
    return sentence if sentence[:2].isupper() else sentence[:1].lower() + sentence[1:]


def _short(value: object) -> str:
    return Truncator(str(value)).chars(60)


def _pretty(body: bytes) -> str:
    said: Mapping[str, object] = json.loads(body)
    return json.dumps(said, ensure_ascii=False, indent=2)
