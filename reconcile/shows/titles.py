"""Which movie a show's title means, or none. Pure.

A cinema writes "KALKI 2898-AD (HINDI)(3D-4DX)" where TMDB says "Kalki 2898-AD". What stands in
brackets at the end is taken off, letters and digits are compared without their case and accents.
It is a hint about what to do first, and a wrong one costs a little order: still, where two movies
could be meant, or the years do not agree, no movie is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

_SUFFIX = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_SEPARATED = re.compile(r"[\W_]+")
YEARS_APART = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A title on sale, and the years of its first and last show."""

    title: str
    first_year: int
    last_year: int


@dataclass(frozen=True, slots=True)
class Known:
    """A movie, by the titles it has."""

    id: int
    titles: Collection[str]
    year: int


def clean_title(title: str) -> str:
    """The form in which titles are compared; empty where nothing is left."""
    bare = title
    while (shorter := _SUFFIX.sub("", bare)) != bare and shorter.strip():
        bare = shorter
    letters = bare.casefold()
    if not letters.isascii():  # most are, of the hundred thousand movies of some years
        apart = unicodedata.normalize("NFKD", letters)
        letters = "".join(char for char in apart if not unicodedata.combining(char))
    return _SEPARATED.sub(" ", letters).strip()


def spans(shown: Iterable[Shown]) -> dict[str, tuple[int, int]]:
    """By cleaned title the years in which it is shown."""
    found: dict[str, tuple[int, int]] = {}
    for each in shown:
        name = clean_title(each.title)
        if name:
            first, last = found.get(name, (each.first_year, each.last_year))
            found[name] = min(first, each.first_year), max(last, each.last_year)
    return found


def match(wanted: Mapping[str, tuple[int, int]], movies: Iterable[Known]) -> set[int]:
    """The ids of the movies that `wanted`, of `spans`, means: one movie a title at most."""
    found: dict[str, set[int]] = {}
    for movie in movies:
        for name in set(map(clean_title, set(movie.titles))):
            span = wanted.get(name)
            if span and span[0] - YEARS_APART <= movie.year <= span[1] + YEARS_APART:
                found.setdefault(name, set()).add(movie.id)
    return {min(ids) for ids in found.values() if len(ids) == 1}
