r"""A row of a feed as fields of a form, and back again.

Texts stand as they are, numbers in digits, and `\N` says that there is none, as in IMDb's files.
A list or an object stays what it is until somebody mends it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from popflix.lib.replaying import Cell
from reconcile.feed.mapping import FeedRow, Field, Mapper
from reconcile.feed.zones import Start

NONE = r"\N"
NAMES = (
    "cinema_id", "cinema_name", "screen_name", "movie_showTime", "movie_ID", "movie_title",
    "movie_rating", "movie_length", "movie_format", "movie_genere", "is_active",
    "movie_image_new",
)  # fmt: skip
# The columns of staging behind them, in this order; a cinema's name is none of a show's.
FIELDS = dict(zip((name for name in NAMES if name != "cinema_name"), (
    "cinema_id", "screen_name", "show_time", "movie_id", "title", "rating", "length", "format",
    "genere", "is_active", "image_url",
), strict=True))  # fmt: skip
_decoder = msgspec.json.Decoder(FeedRow)


def decoded(raw: str) -> FeedRow | None:
    """The row; None where it is no object of plain text."""
    try:
        return _decoder.decode(raw.encode())
    except (msgspec.DecodeError, UnicodeError):
        return None


def cells_of(row: FeedRow | None, mapper: Mapper) -> list[Cell]:
    """A cell for each field that is read, in the order of NAMES."""
    fields = mapper.fields(row or FeedRow())
    name = None if row is None else row.cinema_name
    return [
        Cell("cinema_name", _text(name), _told(name))
        if each == "cinema_name"
        else _cell(each, fields[each])
        for each in NAMES
    ]


def key_of(row: FeedRow, mapper: Mapper) -> tuple[int, str, str, str] | None:
    """Cinema, start in UTC, screen and film; None where one of them cannot be read."""
    fields = mapper.fields(row)
    cinema, begin, screen, movie = (
        fields[name].read for name in ("cinema_id", "movie_showTime", "screen_name", "movie_ID")
    )
    if cinema is None or begin is None or screen is None or movie is None:
        return None
    return cinema, begin.at, screen, movie


def joined(texts: Sequence[str]) -> str:
    """The JSON object of these texts, which stand in the order of NAMES."""
    values = {name: _value(text) for name, text in zip(NAMES, texts, strict=False)}
    return json.dumps(values, ensure_ascii=False)


def stored_words(values: Mapping[str, Any]) -> dict[str, str]:
    """A staged row's values by column, as the cells of NAMES say them."""
    return {name: _told(values[column]) for name, column in FIELDS.items()}


def _cell(name: str, field: Field) -> Cell:
    if field.is_missing and not field.fault:  # it needs none
        return Cell(name, NONE, _told(None))
    read = field.read
    return Cell(
        name,
        "" if field.is_missing else _text(field.raw),
        "" if field.fault else _told(read.at if isinstance(read, Start) else read),
        field.fault,
        is_missing=field.is_missing,
    )


def _text(value: Any) -> str:
    if value is None:
        return NONE
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(text: str) -> Any:
    if text == NONE:
        return None
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _told(value: Any) -> str:
    return "none" if value is None else str(value)
