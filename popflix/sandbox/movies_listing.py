"""The lists of /discover: which films, in which order, and how they drift between pages."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from popflix.sandbox.movies import Film, Films, day_of

PAGE = 20
_MOST_KEPT = 200  # lists made ready: a crawl asks for many pages of each
_FARTHEST = 5  # places from the edge of a page that a film drifts over


@dataclass(frozen=True, slots=True)
class Query:
    """`since` and `until` are ordinals of days; with either, the undated are left out."""

    since: int | None = None
    until: int | None = None
    by: str = "popularity"  # or "date"
    descending: bool = True
    adult: bool = False
    language: str = ""
    least_votes: int = 0
    most_votes: int | None = None


class Listing:
    """Films by date and by popularity; a few numbers of each are held, never a body."""

    def __init__(self, films: Films, drift: float) -> None:
        self._films = films
        self._drift = drift
        self._asked = 0
        self._days = array("l", bytes(array("l").itemsize * films.count))
        self._popularity = array("d", bytes(8 * films.count))
        listed = [self._noted(film) for film in films if film.is_listed]
        dated = sorted((index for index in listed if self._days[index]), key=self._by_date)
        self._by_day = array("l", dated)
        self._sorted_days = array("l", (self._days[index] for index in dated))
        self._undated = array("l", (index for index in listed if not self._days[index]))
        self._kept: dict[Query, Sequence[int]] = {}

    def page(self, query: Query, number: int) -> tuple[list[Film], int]:
        """The films of one page, and of how many in all."""
        places = self._places(query)
        first = (number - 1) * PAGE
        shown = list(places[first : first + PAGE])
        if self._drift and shown:
            self._asked += 1
            self._move(shown, places, number)
        return [self._films.film(index) for index in shown], len(places)

    def _noted(self, film: Film) -> int:
        self._days[film.index] = day_of(film)
        self._popularity[film.index] = film.popularity
        return film.index

    def _places(self, query: Query) -> Sequence[int]:
        if query not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[query] = self._found(query)
        return self._kept[query]

    def _found(self, query: Query) -> Sequence[int]:
        found = [index for index in self._window(query) if _fits(self._films.film(index), query)]
        if query.by == "popularity":
            found.sort(key=self._by_popularity)
        elif query.descending:  # those without a date stay last
            found.sort(key=lambda index: (-self._days[index], index))
        if query.by == "popularity" and query.descending:
            found.reverse()
        return array("l", found)

    def _window(self, query: Query) -> Sequence[int]:
        if query.since is None and query.until is None:
            return self._by_day + self._undated
        days = self._sorted_days
        first = 0 if query.since is None else bisect_left(days, query.since)
        end = len(days) if query.until is None else bisect_right(days, query.until)
        return self._by_day[first:end]

    def _by_date(self, index: int) -> tuple[int, int]:
        return self._days[index], index

    def _by_popularity(self, index: int) -> tuple[float, int]:
        return self._popularity[index], index

    def _move(self, shown: list[int], places: Sequence[int], number: int) -> None:
        """Some films change places over the edge of the page, for this request alone.

        What drifts off this page stands on the next one, unless it has drifted back until that
        is asked for: then a crawl that asks each page once sees it nowhere.
        """
        first = (number - 1) * PAGE
        before, after = self._drifted(number - 1), self._drifted(number)
        if before and first:
            shown[min(before, len(shown)) - 1] = places[first - before]
        if after and first + PAGE < len(places):
            shown[-after] = places[min(first + PAGE + after, len(places)) - 1]

    def _drifted(self, edge: int) -> int:
        """How far from that edge two films have changed places; mostly 0, none has."""
        text = f"{self._films.seed} {self._asked} {edge}"
        lot = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        return 1 + lot % _FARTHEST if lot / 2**64 < self._drift else 0


def _fits(film: Film, query: Query) -> bool:
    if film.adult and not query.adult:
        return False
    if query.language and film.language != query.language:
        return False
    return query.least_votes <= film.votes and (
        query.most_votes is None or film.votes <= query.most_votes
    )
