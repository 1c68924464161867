"""One row of a feed into the columns of staging. Pure; the only module that knows a feed's keys.

`movie_ID` ("HO00000945") identifies a movie, `movie_id` (11323) is another number and is not
read. Beside the keys of the real feed those of the worked example are known.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from reconcile.feed.zones import Start, Times, start

Row = tuple[object, ...]
# The columns of a mapped row, in its order; the first two are none of staging's.
COLUMNS = ("key_hash", "day", "movieID", "cinemaId", "screenName", "showTime", "title", "rating",
           "length", "format", "genere", "isActive", "imageUrl")  # fmt: skip
CINEMA_AT = COLUMNS.index("cinemaId")
_LARGEST = 2**31 - 1
_REMEMBERED = 20_000
_MISSING = msgspec.UNSET


class FeedRow(msgspec.Struct, gc=False):
    """What is read of a row; other keys are skipped. `Mapper` checks types, row by row."""

    movie_ID: Any = _MISSING  # noqa: N815
    movieID: Any = _MISSING  # noqa: N815
    cinema_id: Any = _MISSING
    cinemaId: Any = _MISSING  # noqa: N815
    cinema_name: Any = None
    screen_name: Any = _MISSING
    screenName: Any = _MISSING  # noqa: N815
    movie_showTime: Any = _MISSING  # noqa: N815
    showTime: Any = _MISSING  # noqa: N815
    movie_title: Any = _MISSING
    title: Any = _MISSING
    movie_rating: Any = _MISSING
    rating: Any = None
    movie_length: Any = _MISSING
    length: Any = None
    movie_format: Any = _MISSING
    format: Any = None
    movie_genere: Any = _MISSING
    genere: Any = None
    is_active: Any = _MISSING
    isActive: Any = None  # noqa: N815
    movie_image_new: Any = _MISSING
    imageUrl: Any = None  # noqa: N815


class Bad(Exception):  # noqa: N818 - an answer about a row
    """Why a row cannot be staged."""


class Mapper:
    """Maps the rows of one feed, and remembers what it sees of cinemas and folds.

    `zone_of` names a cinema's zone; it raises Bad for a cinema that this feed may not have.
    `capacity` is how many characters each text column takes. Texts repeat from row to row: each
    is looked at once for as long as it is remembered.
    """

    def __init__(
        self, times: Times, zone_of: Callable[[int], str], capacity: Mapping[str, int | None]
    ) -> None:
        self.names: dict[int, str] = {}  # of the cinemas seen, the last one that is not empty
        self.folds = 0  # rows that start in an hour that comes twice
        self._times, self._zone_of, self._capacity = times, zone_of, capacity
        remembered = lru_cache(maxsize=_REMEMBERED, typed=True)
        self._place = remembered(self._read_place)
        self._movie = remembered(self._read_movie)
        self._values = remembered(self._read_values)

    def map(self, row: FeedRow) -> Row:
        """The row in the order of COLUMNS. Raises Bad with every reason."""
        try:
            cinema, screen, zone = self._place(row.cinema_id, row.screen_name, row.cinema_name)
            movie = self._movie(row.movie_ID)
            begin = start(row.movie_showTime, zone, self._times)
            values = self._values(
                row.movie_title, row.movie_rating, row.movie_length, row.movie_format,
                row.movie_genere, row.is_active, row.movie_image_new,
            )  # fmt: skip
        except (ValueError, TypeError, Bad):  # other keys, or something is wrong
            cinema, screen, movie, begin, values = self._read_slowly(row)
        self.folds += begin.is_fold
        hashed = hash((movie, cinema, screen, begin.at))  # of this process; compared within it
        return (hashed, begin.day, movie, cinema, screen, begin.at, *values)

    def _read_place(self, cinema: Any, screen: Any, name: Any) -> tuple[int, str, str]:
        number = _number(cinema)
        zone = self._zone_of(number)
        cleaned = _name(name)
        if cleaned or number not in self.names:
            self.names[number] = cleaned
        return number, self._fitting("screenName", _key(screen)), zone

    def _read_movie(self, movie: Any) -> str:
        return str(self._fitting("movieID", _key(movie)))

    def _read_values(
        self, title: Any, rating: Any, length: Any, format_: Any, genere: Any, active: Any,
        image: Any,
    ) -> Row:  # fmt: skip
        return (
            self._fitting("title", _required(title)),
            self._fitting("rating", _text(rating)),
            _length(length),
            self._fitting("format", _text(format_)),
            self._fitting("genere", _text(genere)),
            self._fitting("isActive", _text(active)),
            self._fitting("imageUrl", _text(image)),
        )

    def _fitting(self, column: str, text: Any) -> Any:
        most = self._capacity.get(column)
        if text is not None and most is not None and len(text) > most:
            raise ValueError(f"has {len(text)} characters, {most} fit")
        return text

    def _read_slowly(self, row: FeedRow) -> tuple[int, str, str, Start, Row]:
        """By all known keys, value by value. Raises Bad."""
        faults: list[str] = []

        def read(reader: Callable[[Any], Any], name: str, other: str) -> Any:
            value = getattr(row, name)
            if value is _MISSING:
                value = getattr(row, other)
            try:
                return reader(value)
            except ValueError as fault:
                faults.append(f"{name} {fault}")
                return None

        def text(column: str, reader: Callable[[Any], Any] = _text) -> Callable[[Any], Any]:
            return lambda value: self._fitting(column, reader(value))

        def begin(value: Any) -> Start | None:
            if cinema is None:  # which has its own fault
                return None
            zone = self._zone_of(cinema)
            return start(_required(value).strip(), zone, self._times)

        cinema = read(_number, "cinema_id", "cinemaId")
        movie = read(text("movieID", _key), "movie_ID", "movieID")
        screen = read(text("screenName", _key), "screen_name", "screenName")
        values = (
            read(text("title", _required), "movie_title", "title"),
            read(text("rating"), "movie_rating", "rating"),
            read(_length, "movie_length", "length"),
            read(text("format"), "movie_format", "format"),
            read(text("genere"), "movie_genere", "genere"),
            read(text("isActive"), "is_active", "isActive"),
            read(text("imageUrl"), "movie_image_new", "imageUrl"),
        )
        try:
            begins = read(begin, "movie_showTime", "showTime")
        except Bad as bad:  # another feed's cinema
            faults.append(str(bad))
        if faults:
            raise Bad("; ".join(faults))
        if (name := _name(row.cinema_name)) or cinema not in self.names:
            self.names[cinema] = name
        return cinema, screen, movie, begins, values


def clean(text: str) -> str:
    """Key text: composed letters (NFC), no-break spaces plain, no spaces at the edges."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).replace("\xa0", " ")
    return text.strip()


def _key(value: Any) -> str:
    text = clean(_required(value))
    if not text.isprintable():
        raise ValueError("holds a character that cannot be printed")
    return text


def _required(value: Any) -> str:
    if value is _MISSING:
        raise ValueError("is missing")
    text = _text(value)
    if text is None or not text.strip():
        raise ValueError("is empty")
    return text


def _text(value: Any) -> str | None:
    if value is None or value is _MISSING:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"is {_kind(value)} where a text is meant")
    if "\0" in value:
        raise ValueError("holds a character that cannot be stored")
    return value


def _number(value: Any) -> int:
    if value is _MISSING:
        raise ValueError("is missing")
    if value is None:
        raise ValueError("is empty")
    if isinstance(value, str) and value.isascii() and value.strip().isdigit():
        value = int(value) if len(value) < 20 else _LARGEST + 1
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"is {_kind(value)} where a whole number is meant")
    if not 0 <= value <= _LARGEST:
        raise ValueError(f"is {value}, which is no number from 0 to {_LARGEST}")
    return value


def _length(value: Any) -> int | None:
    if value is None or value is _MISSING or value == "":
        return None
    return _number(value)


def _name(value: Any) -> str:
    """A cinema's name is no key: what cannot be read is none."""
    text = clean(value) if isinstance(value, str) else ""
    return "".join(letter for letter in text if letter.isprintable())


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    kinds = {list: "a list", dict: "an object", bool: "true or false", float: "a fraction"}
    return kinds.get(type(value), "something else")
