"""TMDB's record of a film or series → what it says of each field. Pure.

A value is UNSET where the record says nothing about the field, and the field's blank ("", None,
[]) only where TMDB states that there is none: a null for something that a movie always has (a
title) says nothing. So no answer, however poor, can erase more than TMDB means to.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType

from popflix.lib.http.errors import BadPayload
from sync.links.tconst import parse_tconst
from sync.movies.fields import FIELDS
from sync.movies.ratings import RatingValue, tmdb_rating
from sync.tmdb.full import Credit, FullMovie, FullTv
from sync.tmdb.payloads import UPSTREAM, Genre, parse

MOVIE, TV = "movie", "tv"
T = TypeVar("T")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
FILE_PATH = re.compile(r"/[\w-]+\.(?:jpe?g|png|webp)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Images:
    """Where pictures are and in which sizes they are wanted: TMDB's own words for both."""

    base_url: str
    poster_size: str
    backdrop_size: str

    def poster(self, path: str) -> str:
        return self._address(self.poster_size, path)

    def backdrop(self, path: str) -> str:
        return self._address(self.backdrop_size, path)

    def _address(self, size: str, path: str) -> str:
        return f"{self.base_url.rstrip('/')}/{size}{path}" if path else ""


class MovieValues(Struct, frozen=True, kw_only=True, gc=False):
    """What one record says of one movie; UNSET: nothing."""

    media_type: str
    tmdb_id: int
    title: str | UnsetType = UNSET
    original_title: str | UnsetType = UNSET
    year: int | UnsetType | None = UNSET
    release_date: dt.date | UnsetType | None = UNSET
    poster_path: str | UnsetType = UNSET
    main_poster: str | UnsetType = UNSET
    backdrop_path: str | UnsetType = UNSET
    main_backdrop: str | UnsetType = UNSET
    genres: list[dict[str, object]] | UnsetType = UNSET
    genre_ids: list[int] | UnsetType = UNSET
    cast_ids: list[int] | UnsetType = UNSET
    crew_ids: list[int] | UnsetType = UNSET
    imdb_id: str | UnsetType = UNSET
    popularity: float | UnsetType = UNSET
    runtime: int | UnsetType | None = UNSET
    original_language: str | UnsetType = UNSET
    adult: bool | UnsetType = UNSET
    status: str | UnsetType = UNSET
    ratings: tuple[RatingValue, ...] = ()

    @property
    def key(self) -> tuple[str, int]:
        return self.media_type, self.tmdb_id

    def said(self) -> dict[str, object]:
        """By field what was said, blanks included."""
        named = ((name, getattr(self, name)) for name in FIELDS)
        return {name: value for name, value in named if value is not UNSET}


def read_movie(body: bytes, media_type: str, images: Images) -> MovieValues:
    """Raises BadPayload naming the field, and Unavailable for what is no JSON."""
    if media_type == TV:
        return transform(parse(FullTv, body), images)
    return transform(parse(FullMovie, body), images)


def transform(record: FullMovie | FullTv, images: Images) -> MovieValues:
    """Raises BadPayload where a date is none."""
    date = _date(record)
    poster, backdrop = _path(record.poster_path), _path(record.backdrop_path)
    credits = record.credits or None  # UNSET is false
    return MovieValues(
        media_type=TV if isinstance(record, FullTv) else MOVIE,
        tmdb_id=record.id,
        title=_known(record.title),
        original_title=_known(record.original_title),
        year=date.year if isinstance(date, dt.date) else date,
        release_date=date,
        poster_path=poster,
        main_poster=poster if poster is UNSET else images.poster(poster),
        backdrop_path=backdrop,
        main_backdrop=backdrop if backdrop is UNSET else images.backdrop(backdrop),
        genres=_genres(record.genres),
        genre_ids=_ids(record.genres),
        cast_ids=_ids(credits.cast) if credits else UNSET,
        crew_ids=_ids(credits.crew) if credits else UNSET,
        imdb_id=_imdb_id(record),
        popularity=_given(record.popularity),
        runtime=_runtime(record),
        original_language=_known(record.original_language),
        adult=_given(record.adult),
        status=_known(record.status),
        ratings=_ratings(record),
    )


def _given(value: T | UnsetType | None) -> T | UnsetType:
    return UNSET if value is None else value


def _known(text: str | UnsetType | None) -> str | UnsetType:
    """Of what a movie always has: neither "" nor null is an answer."""
    return text or UNSET


def _date(record: FullMovie | FullTv) -> dt.date | UnsetType | None:
    text = record.date
    if text is UNSET:
        return UNSET
    if not text:
        return None
    if _DATE.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass  # the 31st of February
    name = "first_air_date" if isinstance(record, FullTv) else "release_date"
    raise BadPayload(UPSTREAM, f"sent a date that is none: {text[:20]!r}", field=name)


def _path(path: str | UnsetType | None) -> str | UnsetType:
    """A path that is no file name says nothing: it would become part of an address."""
    if path is UNSET:
        return UNSET
    if not path:
        return ""
    return path if FILE_PATH.fullmatch(path) else UNSET


def _genres(genres: list[Genre] | UnsetType | None) -> list[dict[str, object]] | UnsetType:
    """An empty list is an answer, null is none."""
    if not isinstance(genres, list):
        return UNSET
    each_once = {genre.id: genre.name for genre in genres}
    return [{"id": number, "name": name} for number, name in each_once.items()]


def _ids(
    those: list[Credit] | list[Genre] | UnsetType | None,
) -> list[int] | UnsetType:
    """In the order given, each once."""
    return list(dict.fromkeys([one.id for one in those])) if isinstance(those, list) else UNSET


def _imdb_id(record: FullMovie | FullTv) -> str | UnsetType:
    own = record.imdb_id if isinstance(record, FullMovie) else UNSET
    appended = record.external_ids.imdb_id if record.external_ids else UNSET
    text = own or appended
    if text:
        return (parse_tconst(text) if text.startswith("tt") else None) or UNSET
    return UNSET if own is appended is UNSET else ""


def _runtime(record: FullMovie | FullTv) -> int | UnsetType | None:
    """TMDB's 0 is its word for unknown; of a series the first of its lengths."""
    if isinstance(record, FullMovie):
        return UNSET if record.runtime is UNSET else record.runtime or None
    if record.runtimes is UNSET or record.runtimes is None:
        return UNSET
    return next((minutes for minutes in record.runtimes if minutes), None)


def _ratings(record: FullMovie | FullTv) -> tuple[RatingValue, ...]:
    rating = tmdb_rating(record.vote_average or None, record.vote_count or None)
    return (rating,) if rating else ()
