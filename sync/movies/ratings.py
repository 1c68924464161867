"""Ratings of five sources on their own scales. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class RatingSource(StrEnum):
    """Who rates; the values of `sync.movies.models.RatingSource`."""

    TMDB = "tmdb"
    IMDB = "imdb"
    METACRITIC = "metacritic"
    ROTTEN_TOMATOES = "rotten_tomatoes"
    LETTERBOXD = "letterboxd"

    @property
    def scale(self) -> int:
        """The best possible value."""
        return _SCALES[self]


_SCALES = {
    RatingSource.TMDB: 10,
    RatingSource.IMDB: 10,
    RatingSource.METACRITIC: 100,
    RatingSource.ROTTEN_TOMATOES: 100,
    RatingSource.LETTERBOXD: 5,
}


@dataclass(frozen=True, slots=True)
class RatingValue:
    """What one source says; `votes` is None where it does not tell how many."""

    source: RatingSource
    value: Decimal
    votes: int | None = None

    @property
    def scale(self) -> int:
        return self.source.scale


def tmdb_rating(average: float | None, votes: int | None) -> RatingValue | None:
    """None where nobody voted: TMDB then says 0.0, which is nobody's opinion."""
    if not votes or average is None:
        return None
    return RatingValue(RatingSource.TMDB, Decimal(f"{average:.3f}"), votes)
