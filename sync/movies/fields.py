"""The fields of a movie that sources may fill, and what they hold of which nothing is known. Pure.

A *source* says something about a field, or nothing. Where it says "none", the field's blank, that
is a fact only for a field that may be empty: a movie has a title, whatever an answer leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Source(StrEnum):
    """Who says what a field holds, the most trusted first."""

    OPERATOR = "operator"
    FEED = "feed"
    TMDB = "tmdb"
    IMDB = "imdb"

    @property
    def words(self) -> str:
        """Within a sentence."""
        return _WORDS[self]

    @property
    def subject(self) -> str:
        """As its beginning."""
        return self.words[0].upper() + self.words[1:]


_WORDS = {
    Source.OPERATOR: "an operator",
    Source.FEED: "the feed",
    Source.TMDB: "TMDB",
    Source.IMDB: "IMDb",
}

# What a row holds before anything was said of the field.
BLANK: Mapping[str, object] = {
    "title": "",
    "original_title": "",
    "year": None,
    "release_date": None,
    "poster_path": "",
    "main_poster": "",
    "backdrop_path": "",
    "main_backdrop": "",
    "genres": [],
    "genre_ids": [],
    "cast_ids": [],
    "crew_ids": [],
    "imdb_id": "",
    "popularity": None,
    "runtime": None,
    "original_language": "",
    "adult": None,
    "status": "",
}
FIELDS = tuple(BLANK)
# Of these no source can say that there is none.
ALWAYS_THERE = frozenset(
    {"title", "original_title", "popularity", "original_language", "adult", "status"}
)


def is_blank(field: str, value: object) -> bool:
    return value is None or value == BLANK[field]
