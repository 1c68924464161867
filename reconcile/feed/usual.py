"""The rows of a feed as nearly all of them are: the real feed's keys, each of one type. Pure.

Texts repeat from row to row, and here their types are known: what was mapped once is looked up,
which takes a third of the time. What is unusual `Mapper` reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import msgspec

from reconcile.feed.mapping import Bad, FeedRow, Mapper, Row

_REMEMBERED = 2_000  # of each kind; feeds come cinema by cinema


class UsualRow(msgspec.Struct, gc=False):
    """A row that has all these keys, of these types. Rows with others are no usual ones."""

    movie_ID: str  # noqa: N815
    cinema_id: int
    screen_name: str
    movie_showTime: str  # noqa: N815
    movie_title: str
    movie_rating: str | None
    movie_length: int | None
    movie_format: str | None
    movie_genere: str | None
    is_active: str | None
    movie_image_new: str | None
    cinema_name: str | None = None


_NAMES = UsualRow.__struct_fields__
_place = attrgetter("cinema_id", "screen_name", "cinema_name")
_film = attrgetter(
    "movie_ID", "movie_title", "movie_rating", "movie_length", "movie_format", "movie_genere",
    "is_active", "movie_image_new",
)  # fmt: skip
_Starts = dict[
    str, tuple[str, str, bool]
]  # UTC, the cinema's day, is it a fold; by what is written


class UsualMapper:
    """Maps usual rows as `mapper` would, and lets it remember what it sees."""

    def __init__(self, mapper: Mapper) -> None:
        self._mapper = mapper
        self._places: dict[tuple[object, ...], tuple[int, str, _Starts]] = {}
        self._films: dict[tuple[object, ...], tuple[str, Row]] = {}
        self._starts: dict[str, _Starts] = {}  # by zone

    def map(self, rows: Sequence[UsualRow]) -> list[Row | Bad]:
        """Each row in the order of COLUMNS, or why it cannot be staged."""
        made: list[Row | Bad] = []
        places, films, folds = self._places, self._films, 0
        for row in rows:
            try:
                cinema, screen, starts = places[_place(row)]
                movie, values = films[_film(row)]
                at, day, is_fold = starts[row.movie_showTime]
            except KeyError:
                made.append(self._learn(row))
                continue
            folds += is_fold
            made.append(
                (hash((movie, cinema, screen, at)), day, movie, cinema, screen, at, *values)
            )
        self._mapper.folds += folds
        return made

    def _learn(self, row: UsualRow) -> Row | Bad:
        before = self._mapper.folds
        try:
            mapped = self._mapper.map(FeedRow(**{name: getattr(row, name) for name in _NAMES}))
        except Bad as bad:
            return bad
        self._forget()
        self._remember(row, mapped, is_fold=self._mapper.folds > before)
        return mapped

    def _remember(self, row: UsualRow, mapped: Row, *, is_fold: bool) -> None:
        _, day, movie, _, screen, begin, *values = mapped
        starts = self._starts.setdefault(self._mapper.zone_of(row.cinema_id), {})
        starts[row.movie_showTime] = (str(begin), str(day), is_fold)
        self._places[_place(row)] = (row.cinema_id, str(screen), starts)
        self._films[_film(row)] = (str(movie), tuple(values))

    def _forget(self) -> None:
        known: list[dict[Any, Any]] = [self._places, self._films, *self._starts.values()]
        for each in known:
            if len(each) >= _REMEMBERED:
                each.clear()
