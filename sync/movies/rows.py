"""Rows of movies and payloads as the driver takes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from popflix.lib.upserts import insert_missing, upsert
from sync.movies.bodies import Body
from sync.movies.fields import BLANK, FIELDS
from sync.movies.held import Key
from sync.movies.models import Movie, StoredPayload, UpstreamState

_KEY = ("media_type", "tmdb_id")
_OF_VALUES = (*FIELDS, "release_date_known", "origins")
_OF_ANSWER = ("payload_id", "fetched_at", "upstream_state", "merged_into")
_FIRST = ("excluded_by", "excluded_why", "created_at")  # written once
_COLUMNS = (*_KEY, *_OF_VALUES, *_OF_ANSWER, "updated_at", *_FIRST)
_PAYLOAD_COLUMNS = ("sha256", "body", "size", "kind", "first_seen_at")
_ENCODER = msgspec.json.Encoder()
_LISTS = [place for place, name in enumerate(FIELDS) if isinstance(BLANK[name], list)]
_DATE = FIELDS.index("release_date")


class MovieRow(NamedTuple):
    """A movie as it is to be: TMDB has just answered with `payload`."""

    key: Key
    values: Mapping[str, object]
    origins: Mapping[str, str]
    payload: str
    fetched_at: dt.datetime
    is_moved: bool  # then `updated_at` moves too


def write_movies(movies: Sequence[MovieRow], now: dt.datetime, *, is_answer: bool = True) -> None:
    """Insert and update, in the caller's transaction, in an order that all writers share.

    Where no answer came (`is_answer` False), only the values of rows that exist are written.
    """
    instant, json = cache(connection.ops.adapt_datetimefield_value), _json_writer()
    rows: dict[bool, list[Sequence[object]]] = {True: [], False: []}
    for movie in sorted(movies, key=lambda movie: movie.key):
        state = (
            movie.values["release_date"] is not None,
            json(dict(movie.origins)),
            movie.payload,
            instant(movie.fetched_at),
            UpstreamState.LIVE.value,
            None,
        )
        written = (
            *movie.key,
            *_adapted(movie.values, json),
            *state,
            instant(now),
            "",
            "",
            instant(now),
        )
        rows[movie.is_moved].append(written)
    updated = (*_OF_VALUES, *_OF_ANSWER) if is_answer else _OF_VALUES
    upsert(Movie, _COLUMNS, rows[True], key=_KEY, updated=(*updated, "updated_at"))
    upsert(Movie, _COLUMNS, rows[False], key=_KEY, updated=updated)


def write_payloads(bodies: Sequence[tuple[Body, str]], now: dt.datetime) -> None:
    """Keep bodies that are not kept yet; each with the media type it is of."""
    at = connection.ops.adapt_datetimefield_value(now)
    rows = {body.sha256: (body.sha256, body.packed, body.size, kind, at) for body, kind in bodies}
    ordered = [rows[key] for key in sorted(rows)]
    insert_missing(StoredPayload, _PAYLOAD_COLUMNS, ordered, key=("sha256",))


def _adapted(values: Mapping[str, object], json: Callable[[object], object]) -> list[object]:
    ready: list[Any] = [values[name] for name in FIELDS]
    for place in _LISTS:
        ready[place] = json(ready[place])
    ready[_DATE] = connection.ops.adapt_datefield_value(ready[_DATE])
    return ready


def _json_writer() -> Callable[[object], object]:
    if connection.vendor == "postgresql":
        return lambda value: connection.ops.adapt_json_value(value, None)
    return lambda value: _ENCODER.encode(value).decode()  # a tenth of json.dumps's time (measured)
