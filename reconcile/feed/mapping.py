"""One row of a feed into the columns of staging. Pure; the only module that knows a feed's keys.

`movie_ID` ("HO00000945") identifies a movie, `movie_id` (11323) is another number and is not
read. Beside the keys of the real feed those of the worked example are known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from reconcile.feed.rezoning import as_written
from reconcile.feed.values import (
    MISSING,
    key_text,
    length_of,
    name_of,
    number_of,
    required,
    text_of,
)
from reconcile.feed.zones import Start, Times, start

Row = tuple[object, ...]
# The columns of a mapped row, in its order; the first two are none of staging's.
COLUMNS = ("key_hash", "day", "movieID", "cinemaId", "screenName", "showTime", "title", "rating",
           "length", "format", "genere", "isActive", "imageUrl")  # fmt: skip
CINEMA_AT = COLUMNS.index("cinemaId")
_REMEMBERED = 2_000  # of each kind; feeds come cinema by cinema


class FeedRow(msgspec.Struct, gc=False):
    """What is read of a row; other keys are skipped. `Mapper` checks types, row by row."""

    movie_ID: Any = MISSING  # noqa: N815
    movieID: Any = MISSING  # noqa: N815
    cinema_id: Any = MISSING
    cinemaId: Any = MISSING  # noqa: N815
    cinema_name: Any = None
    screen_name: Any = MISSING
    screenName: Any = MISSING  # noqa: N815
    movie_showTime: Any = MISSING  # noqa: N815
    showTime: Any = MISSING  # noqa: N815
    movie_title: Any = MISSING
    title: Any = MISSING
    movie_rating: Any = MISSING
    rating: Any = None
    movie_length: Any = MISSING
    length: Any = None
    movie_format: Any = MISSING
    format: Any = None
    movie_genere: Any = MISSING
    genere: Any = None
    is_active: Any = MISSING
    isActive: Any = None  # noqa: N815
    movie_image_new: Any = MISSING
    imageUrl: Any = None  # noqa: N815


class Bad(Exception):  # noqa: N818 - an answer about a row
    """Why a row cannot be staged."""


@dataclass(frozen=True)
class Field:
    """A value as the row has it, what is read of it, or why nothing can be."""

    raw: Any
    read: Any
    fault: str = ""

    @property
    def is_missing(self) -> bool:
        return self.raw is MISSING


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
        self.zone_of = zone_of
        self._times, self._capacity = times, capacity
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

    def unmapped(self, row: Row) -> dict[str, object]:
        """As a feed could have had it, so that it is mapped to the same."""
        told = dict(zip(COLUMNS[2:], row[2:], strict=True))
        at = dt.datetime.fromisoformat(str(told["showTime"])).replace(tzinfo=dt.UTC)
        zone = self.zone_of(int(str(told["cinemaId"])))
        return {**told, "showTime": as_written(at, zone, self._times)}

    def _read_place(self, cinema: Any, screen: Any, name: Any) -> tuple[int, str, str]:
        number = number_of(cinema)
        zone = self.zone_of(number)
        cleaned = name_of(name)
        if cleaned or number not in self.names:
            self.names[number] = cleaned
        return number, self._fitting("screenName", key_text(screen)), zone

    def _read_movie(self, movie: Any) -> str:
        return str(self._fitting("movieID", key_text(movie)))

    def _read_values(
        self, title: Any, rating: Any, length: Any, format_: Any, genere: Any, active: Any,
        image: Any,
    ) -> Row:  # fmt: skip
        return (
            self._fitting("title", required(title)),
            self._fitting("rating", text_of(rating)),
            length_of(length),
            self._fitting("format", text_of(format_)),
            self._fitting("genere", text_of(genere)),
            self._fitting("isActive", text_of(active)),
            self._fitting("imageUrl", text_of(image)),
        )

    def _fitting(self, column: str, text: Any) -> Any:
        most = self._capacity.get(column)
        if text is not None and most is not None and len(text) > most:
            raise ValueError(f"has {len(text)} characters, {most} fit")
        return text

    def _read_slowly(self, row: FeedRow) -> tuple[int, str, str, Start, Row]:
        """By all known keys, value by value. Raises Bad."""
        fields = self.fields(row)
        faults = [f"{name} {each.fault}" for name, each in fields.items() if each.fault]
        if faults:
            raise Bad("; ".join(faults))
        cinema, movie, screen, *values, begins = (each.read for each in fields.values())
        if (name := name_of(row.cinema_name)) or cinema not in self.names:
            self.names[cinema] = name
        return cinema, screen, movie, begins, tuple(values)

    def fields(self, row: FeedRow) -> dict[str, Field]:
        """Each value that is read of the row, by the name that the real feed gives it."""
        found: dict[str, Field] = {}

        def read(reader: Callable[[Any], Any], name: str, other: str) -> Any:
            value = getattr(row, name)
            if value is MISSING:
                value = getattr(row, other)
            try:
                found[name] = Field(value, reader(value))
            except ValueError as fault:
                found[name] = Field(value, None, str(fault))
            return found[name].read

        def text(column: str, reader: Callable[[Any], Any] = text_of) -> Callable[[Any], Any]:
            return lambda value: self._fitting(column, reader(value))

        def begin(value: Any) -> Start | None:
            if cinema is None:  # which has its own fault
                return None
            try:
                zone = self.zone_of(cinema)
            except Bad as bad:  # another feed's cinema
                fault = str(bad).removeprefix("cinema_id ")
                found["cinema_id"] = Field(found["cinema_id"].raw, None, fault)
                return None
            return start(required(value).strip(), zone, self._times)

        cinema = read(number_of, "cinema_id", "cinemaId")
        read(text("movieID", key_text), "movie_ID", "movieID")
        read(text("screenName", key_text), "screen_name", "screenName")
        read(text("title", required), "movie_title", "title")
        read(text("rating"), "movie_rating", "rating")
        read(length_of, "movie_length", "length")
        read(text("format"), "movie_format", "format")
        read(text("genere"), "movie_genere", "genere")
        read(text("isActive"), "is_active", "isActive")
        read(text("imageUrl"), "movie_image_new", "imageUrl")
        read(begin, "movie_showTime", "showTime")
        return found
