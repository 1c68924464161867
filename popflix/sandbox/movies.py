"""The invented catalogue of films and series that a crawl meets: which ids exist, and how.

A film depends on the seed, its kind and its own index alone, and is drawn when it is asked for:
nothing is stored, so fifty thousand cost no more than fifty. Each hundred holds every oddity.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from random import Random

from popflix.sandbox.catalogue import Media
from popflix.sandbox.movies_draw import Lots, drawn_date, drawn_genres, drawn_media, drawn_name

MOST_MOVIES = 500_000
FIRST_ID = 30_000_001  # far above the ids of the titles
FIRST_PERSON_ID = 9_000_001
_PEOPLE = 700
_SPREAD = 3  # every third number is an id, as TMDB's have gaps
_BLOCK = 100
_IMDB_BAND = {"movie": "tt98", "tv": "tt97"}
_CHANGED_EACH = 40  # one in so many is another in each revision


class Standing(Enum):
    """How TMDB holds an id."""

    LIVE = "live"
    UNLISTED = "unlisted"  # live, but the export of ids lacks it
    GONE = "gone"  # the export has it, GET answers 404
    BROKEN = "broken"  # listed and exported, GET always answers 500
    MERGED = "merged"  # the export has it, GET answers the body of another id


@dataclass(frozen=True, slots=True)
class Odd:
    """What is odd about one slot of a hundred."""

    standing: Standing = Standing.LIVE
    target: int | None = None  # the slot a merged one went into
    shares: int | None = None  # the slot whose IMDb id it claims as well
    dates: str = "known"  # or "empty", or "absent": no such key at all
    is_long: bool = False
    adult: bool | None = False


@dataclass(frozen=True, slots=True)
class Film:
    """A film (`media_type` "movie") or series ("tv"); the number spaces of both overlap."""

    media_type: str
    index: int
    tmdb_id: int
    standing: Standing
    merged_into: int | None
    name: str
    own_name: str
    language: str
    country: str
    date: str | None  # "" is unknown, None an absent key
    imdb_id: str | None
    media: Media
    genres: tuple[tuple[int, str], ...]
    popularity: float
    votes: int
    average: float
    adult: bool | None
    runtime: int | None

    @property
    def key(self) -> str:
        """What the counts call it."""
        return f"{self.media_type}/{self.tmdb_id}"

    @property
    def is_listed(self) -> bool:
        """Whether /discover may list it."""
        return self.standing not in (Standing.GONE, Standing.MERGED)

    @property
    def is_exported(self) -> bool:
        return self.standing is not Standing.UNLISTED

    def person(self, number: int) -> int:
        """The id of its person of that number: three actors, then the director."""
        return FIRST_PERSON_ID + (self.tmdb_id + 3 * number) % _PEOPLE


class Films:
    """`count` entries of one media type, up to `broken` of which no request ever gets.

    A later `revision` has changed some of them.
    """

    def __init__(self, media_type: str, seed: int, count: int, broken: int = 0) -> None:
        self.media_type = media_type
        self.seed = seed
        self.count = count
        self.revision = 1
        self._broken_each = max(1, count // broken) if broken else 0
        self._key = f"{seed} {media_type}"

    def __iter__(self) -> Iterator[Film]:
        return (self.film(index) for index in range(self.count))

    def by_id(self, number: int) -> Film | None:
        index = (number - FIRST_ID) // _SPREAD
        if not 0 <= index < self.count:
            return None
        film = self.film(index)
        return film if film.tmdb_id == number else None

    def film(self, index: int) -> Film:
        block, slot = divmod(index, _BLOCK)
        odd = _block(self._key, block)[slot]
        into = self._merged_into(block, odd.target)
        standing = Standing.GONE if odd.target is not None and into is None else odd.standing
        if standing is Standing.LIVE and self._is_broken(index):
            standing = Standing.BROKEN
        return self._drawn(index, odd, standing, into)

    def is_changed(self, index: int) -> bool:
        """Whether the last revision made another of it."""
        return self.revision > 1 and (index + self.revision) % _CHANGED_EACH == 0

    def _is_broken(self, index: int) -> bool:
        return bool(self._broken_each) and index % self._broken_each == self._broken_each - 1

    def _changes(self, index: int) -> int:
        """How many revisions have changed it."""
        return sum((index + each) % _CHANGED_EACH == 0 for each in range(2, self.revision + 1))

    def _merged_into(self, block: int, slot: int | None) -> int | None:
        if slot is None:
            return None
        target = block * _BLOCK + slot  # the last hundred may end before it
        return self._id(target) if target < self.count else None

    def _id(self, index: int) -> int:
        return FIRST_ID + index * _SPREAD + index * 7 % 11 % _SPREAD

    def _drawn(self, index: int, odd: Odd, standing: Standing, into: int | None) -> Film:
        lots = Lots(self._key, index)
        name, own_name, language, country = drawn_name(lots, is_long=odd.is_long)
        date: str | None = drawn_date(lots)
        if odd.dates != "known":
            date = "" if odd.dates == "empty" else None
        changes = self._changes(index) if self.revision > 1 else 0
        votes = 0 if lots.one_in(8) else 1 + lots.below(9000)
        return Film(
            media_type=self.media_type,
            index=index,
            tmdb_id=self._id(index),
            standing=standing,
            merged_into=into,
            name=f"{name} (Cut {changes + 1})" if changes else name,
            own_name=own_name,
            language=language,
            country=country,
            date=date,
            imdb_id=self._imdb_id(index, odd, lots),
            media=drawn_media(lots),
            genres=drawn_genres(lots, self.media_type),
            popularity=lots.below(400_000) / 10_000,
            votes=votes + changes if votes else 0,
            average=(10 + lots.below(9000)) / 1000 if votes else 0.0,
            adult=odd.adult,
            runtime=None if lots.one_in(9) else 40 + lots.below(150),
        )

    def _imdb_id(self, index: int, odd: Odd, lots: Lots) -> str | None:
        if odd.shares is not None:
            index = index // _BLOCK * _BLOCK + odd.shares
        elif lots.one_in(6):
            return None if lots.one_in(2) else ""
        return f"{_IMDB_BAND[self.media_type]}{index:06d}"


@lru_cache(maxsize=1024)
def _block(key: str, block: int) -> tuple[Odd, ...]:
    """The mix, exact in every hundred."""
    slots = list(range(_BLOCK))
    Random(f"{key} {block}").shuffle(slots)
    odd = [Odd()] * _BLOCK
    first, second, *rest = slots
    odd[first] = odd[second] = Odd(shares=first)
    kinds = [Odd(Standing.UNLISTED)] * 2 + [Odd(Standing.GONE)] * 2
    kinds += [Odd(Standing.MERGED, target=rest[-1]), Odd(Standing.MERGED, target=rest[-2])]
    kinds += [Odd(dates="empty")] * 4 + [Odd(dates="absent")] * 2
    kinds += [Odd(is_long=True), *[Odd(adult=None)] * 2, *[Odd(adult=True)] * 3]
    for slot, kind in zip(rest, kinds, strict=False):  # the rest is plain
        odd[slot] = kind
    return tuple(odd)


def day_of(film: Film) -> int:
    """Its date as an ordinal, 0 where it has none."""
    return dt.date.fromisoformat(film.date).toordinal() if film.date else 0
