"""A movie's fields as an operator speaks of them: which belong together, and in which words. Pure.

A poster is a path and an address, a release date has a year: what is kept or written by hand is
both or neither.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from popflix.lib.errors import OperatorError
from sync.links.tconst import parse_tconst
from sync.movies.transform import FILE_PATH, Images

# By the field that stands for all of them; together they are `sync.movies.fields.FIELDS`.
TOGETHER: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "original_title": ("original_title",),
    "release_date": ("release_date", "year"),
    "main_poster": ("main_poster", "poster_path"),
    "main_backdrop": ("main_backdrop", "backdrop_path"),
    "genres": ("genres", "genre_ids"),
    "cast_ids": ("cast_ids",),
    "crew_ids": ("crew_ids",),
    "imdb_id": ("imdb_id",),
    "runtime": ("runtime",),
    "original_language": ("original_language",),
    "adult": ("adult",),
    "status": ("status",),
    "popularity": ("popularity",),
}
_WORDS = {
    "release_date": "release date", "main_poster": "poster", "main_backdrop": "backdrop",
    "cast_ids": "cast", "crew_ids": "crew", "imdb_id": "IMDb id", "original_language": "language",
    "adult": "filed as adult",
}  # fmt: skip
_NOTHING = "–"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEARS = range(1870, 2200)
_MOST_MINUTES = 100_000
_LONGEST_TITLE = 500
_PEOPLE_NAMED = 12


def field_name(name: str) -> str:
    """Within a sentence."""
    return _WORDS.get(name, name.replace("_", " "))


def fields_of(names: Iterable[str]) -> list[str]:
    """All fields that belong to these."""
    return [field for name in names for field in TOGETHER[name]]


def worded(name: str, values: Mapping[str, Any]) -> str:
    """What a movie holds of it."""
    value = values[name]
    if value is None or value in ("", []):
        year = values["year"] if name == "release_date" else None
        return _NOTHING if year is None else str(year)
    if name == "genres":
        return ", ".join(genre["name"] for genre in value)
    if name in ("cast_ids", "crew_ids"):
        named = ", ".join(map(str, value[:_PEOPLE_NAMED]))
        return f"{len(value)}: {named}{' …' if len(value) > _PEOPLE_NAMED else ''}"
    if name == "runtime":
        return f"{value} minutes"
    return {True: "yes", False: "no"}[value] if name == "adult" else str(value)


# --- by hand ------------------------------------------------------------------------------------


def read_by_hand(name: str, text: str, images: Images) -> dict[str, object]:
    """By field what an operator wrote. Raises OperatorError naming the field and the fix."""
    text = text.strip()
    if name not in BY_HAND:
        raise OperatorError(
            f"{field_name(name).capitalize()} is not written by hand.", "Lock it, to keep it."
        )
    if not text:
        raise OperatorError(
            f"No {field_name(name)} is written.",
            "Write one. Unlock gives the field back to the sources.",
        )
    return BY_HAND[name][0](text, images)


def _title(field: str) -> Callable[[str, Images], dict[str, object]]:
    def read(text: str, _: Images) -> dict[str, object]:
        if len(text) > _LONGEST_TITLE:
            raise OperatorError(
                f"This {field_name(field)} has {len(text):,} letters.",
                f"Write at most {_LONGEST_TITLE}.",
            )
        return {field: text}

    return read


def _date(text: str, _: Images) -> dict[str, object]:
    try:
        day = dt.date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:  # the 31st of February
        day = None
    if day is None or day.year not in _YEARS:
        raise OperatorError(f"{text[:40]!r} is no release date.", "Write it as 2019-07-15.")
    return {"release_date": day, "year": day.year}


def _minutes(text: str, _: Images) -> dict[str, object]:
    minutes = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0
    if not 0 < minutes <= _MOST_MINUTES:
        raise OperatorError(f"{text[:40]!r} is no runtime.", "Write minutes, such as 101.")
    return {"runtime": minutes}


def _imdb(text: str, _: Images) -> dict[str, object]:
    tconst = parse_tconst(text) if text.lower().startswith(("tt", "http")) else None
    if tconst is None:
        raise OperatorError(
            f"{text[:40]!r} is no IMDb id.", "Write it as tt0133093, or paste its page's address."
        )
    return {"imdb_id": tconst}


def _picture(address: str, path: str) -> Callable[[str, Images], dict[str, object]]:
    def read(text: str, images: Images) -> dict[str, object]:
        """A file of TMDB's, by its path or the address of it in any size."""
        file = f"/{text.rpartition('/')[2]}"
        if not FILE_PATH.fullmatch(file) or len(file) > 255:
            raise OperatorError(
                f"{text[:60]!r} names no picture of TMDB's.",
                "Write the path of the file, such as /abc123.jpg, or paste its address.",
            )
        to = images.poster if address == "main_poster" else images.backdrop
        return {address: to(file), path: file}

    return read


# What an operator may write, how it is read, and what is to be written.
BY_HAND: Mapping[str, tuple[Callable[[str, Images], dict[str, object]], str]] = {
    "title": (_title("title"), "text"),
    "original_title": (_title("original_title"), "text"),
    "release_date": (_date, "2019-07-15"),
    "main_poster": (_picture("main_poster", "poster_path"), "/abc123.jpg"),
    "main_backdrop": (_picture("main_backdrop", "backdrop_path"), "/abc123.jpg"),
    "imdb_id": (_imdb, "tt0133093"),
    "runtime": (_minutes, "minutes"),
}
