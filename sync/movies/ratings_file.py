"""Rows of a file of ratings, whoever wrote it: CSV or tabs with a header, or JSON lines. Pure.

IMDb's title.ratings.tsv is one of them.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sync.links.tconst import parse_tconst
from sync.movies.ratings import RatingSource, RatingValue

TCONST, TMDB_ID, MEDIA_TYPE, VALUE, VOTES = "tconst", "tmdb_id", "media_type", "value", "votes"
_NAMES = {
    TCONST: ("tconst", "imdbid", "const", "imdb"),
    TMDB_ID: ("tmdbid", "tmdb"),
    MEDIA_TYPE: ("mediatype", "type"),
    VALUE: ("value", "rating", "averagerating", "average", "score"),
    VOTES: ("votes", "numvotes", "votecount", "count"),
}
_KNOWN = {name: column for column, names in _NAMES.items() for name in names}
_DIGITS = re.compile(r"\d{1,10}", re.ASCII)
_EMPTY = ("", r"\N", "N/A", "null", "None")
_THOUSANDTH = Decimal("0.001")
_MOST = 2_147_483_647


class NoRatings(ValueError):  # noqa: N818 - what the file is
    """The end of a sentence that begins with the file's name."""


@dataclass(frozen=True, slots=True)
class RatedRow:
    """`tconst` or `tmdb_id` names the movie; `media_type` is "" where the row tells none."""

    tconst: str
    tmdb_id: int
    media_type: str
    rating: RatingValue


@dataclass(frozen=True)
class Form:
    """How the file's lines are read. `columns` is None of JSON lines."""

    delimiter: str
    columns: tuple[str, ...] | None

    def cells(self, lines: Sequence[str]) -> Iterator[Mapping[str, str]]:
        """One mapping for each line, empty for one that cannot be read."""
        if self.columns is None:
            yield from map(_json, lines)
            return
        for line in lines:
            found = (
                line.split("\t") if self.delimiter == "\t" and '"' not in line
                else next(csv.reader([line], delimiter=self.delimiter), [])
            )  # fmt: skip
            pairs = zip(self.columns, found, strict=False)
            yield {name: text.strip() for name, text in pairs if name}


def form_of(first: str) -> Form:
    """By the first line. Raises NoRatings."""
    if first.lstrip().startswith("{"):
        return Form("", None)
    delimiter = next((each for each in "\t;," if each in first), ",")
    names = next(csv.reader([first], delimiter=delimiter), [])
    columns = tuple(_KNOWN.get(_plain(name), "") for name in names)
    if VALUE not in columns or not {TCONST, TMDB_ID} & set(columns):
        shown = ", ".join(name[:20] for name in names[:8])
        raise NoRatings(f"has no columns for an id and a rating; its first line is {shown}")
    return Form(delimiter, columns)


def read_row(cells: Mapping[str, str], source: RatingSource) -> RatedRow:
    """Raises ValueError saying what is wrong."""
    if not cells:
        raise ValueError("cannot be read")
    tconst, number = _text(cells, TCONST), _text(cells, TMDB_ID)
    known = parse_tconst(tconst) if tconst else None
    if tconst and not known:
        raise ValueError(f"{tconst[:20]!r} is no IMDb id")
    if not known and not (_DIGITS.fullmatch(number) and 0 < int(number) <= _MOST):
        raise ValueError(f"{number[:20]!r} is no TMDB id" if number else "names no movie")
    media_type = _text(cells, MEDIA_TYPE)
    if media_type not in ("", "movie", "tv"):
        raise ValueError(f"{media_type[:20]!r} is no media type")
    rating = RatingValue(source, _value(_text(cells, VALUE), source.scale), _votes(cells))
    return RatedRow(known or "", 0 if known else int(number), media_type, rating)


def _value(text: str, scale: int) -> Decimal:
    plain = text.removesuffix(f"/{scale}")
    plain = plain.removesuffix("%") if scale == 100 else plain
    try:
        value = Decimal(plain.strip())
    except InvalidOperation:
        raise ValueError(f"{text[:20]!r} is no rating") from None
    if not value.is_finite() or not 0 <= value <= scale:
        raise ValueError(f"{text[:20]!r} is no rating from 0 to {scale}")
    return value.quantize(_THOUSANDTH)


def _votes(cells: Mapping[str, str]) -> int | None:
    text = _text(cells, VOTES).replace(",", "")
    if not text:
        return None
    if _DIGITS.fullmatch(text) and int(text) <= _MOST:
        return int(text)
    raise ValueError(f"{text[:20]!r} is no number of votes")


def _text(cells: Mapping[str, str], name: str) -> str:
    text = cells.get(name, "")
    return "" if text in _EMPTY else text


def _json(line: str) -> Mapping[str, str]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(said, dict):
        return {}
    named = ((_KNOWN.get(_plain(name), ""), value) for name, value in said.items())
    return {name: str(value).strip() for name, value in named if name and value is not None}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
