"""The daily files of ids, as files.tmdb.org has them: gzip, one JSON object a line, unsorted.

A file lists the ids that were there when it was made: since then some are gone or merged, and
others are new. Those of adults have files of their own; old files lack `adult` and `video`.
"""

from __future__ import annotations

import datetime as dt
import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from popflix.sandbox.answers import Answer, encode
from popflix.sandbox.movies import Film, Films

PREFIX = b"/p/exports/"
KEPT_DAYS = 90
OLD_FORMAT_DAYS = 60
_PATH = re.compile(r"/p/exports/(adult_)?(movie|tv_series)_ids_(\d\d_\d\d_\d{4})\.json\.gz")
_STEPS = (7919, 7907)  # primes; one of them divides no count
_MISSING = "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{}</Code></Error>"
# a bucket's ways of saying that there is no such file
NOT_YET = Answer(403, _MISSING.format("AccessDenied").encode(), content_type="application/xml")
NO_SUCH = Answer(404, _MISSING.format("NoSuchKey").encode(), content_type="application/xml")


class Exports:
    """The file of a day is there from `hour` (UTC) of that day on, and for three months."""

    def __init__(self, films: Mapping[str, Films], hour: int) -> None:
        self._films = films
        self._hour = hour
        self._made: dict[tuple[str, bool, bool], bytes] = {}

    def answer(self, path: str, now: dt.datetime) -> Answer:
        match = _PATH.fullmatch(path)
        day = _day(match[3]) if match else None
        if match is None or day is None:
            return NO_SUCH
        media_type = "movie" if match[2] == "movie" else "tv"
        counted = f"export/{media_type}"
        age = (now.date() - day).days
        if age > KEPT_DAYS:
            return replace(NO_SUCH, tconst=counted)
        if age < 0 or (age == 0 and now.hour < self._hour):
            return replace(NOT_YET, tconst=counted)
        body = self._file(media_type, bool(match[1]), age > OLD_FORMAT_DAYS)
        return Answer(200, body, counted, "application/gzip")

    def _file(self, media_type: str, adult: bool, old: bool) -> bytes:
        what = media_type, adult, old
        if what not in self._made:
            lines = b"".join(
                encode(_line(film, old)) + b"\n"
                for film in _unsorted(self._films[media_type])
                if film.is_exported and bool(film.adult) is adult
            )
            self._made[what] = gzip.compress(lines, 4, mtime=0)
        return self._made[what]


def _line(film: Film, old: bool) -> dict[str, object]:
    if film.media_type == "tv":
        return {
            "id": film.tmdb_id,
            "original_name": film.own_name,
            "popularity": film.popularity,
        }
    line: dict[str, object] = {
        "id": film.tmdb_id,
        "original_title": film.own_name,
        "popularity": film.popularity,
    }
    return line if old else {"adult": bool(film.adult), **line, "video": False}


def _unsorted(films: Films) -> Iterator[Film]:
    step = next(step for step in _STEPS if films.count % step)
    return (films.film((films.seed + step * place) % films.count) for place in range(films.count))


def _day(text: str) -> dt.date | None:
    month, day, year = text.split("_")
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
