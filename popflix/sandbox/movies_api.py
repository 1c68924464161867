"""The invented films as TMDB serves them: details, /discover, changes and the exports of ids."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from popflix.sandbox import answers
from popflix.sandbox.answers import Answer, encode, failure
from popflix.sandbox.api import MOST_APPENDED, WATCH, watch_alone
from popflix.sandbox.movies import FIRST_ID, Film, Films, Standing
from popflix.sandbox.movies_bodies import expected, full_body, list_item
from popflix.sandbox.movies_changes import BAD_DATE, changed
from popflix.sandbox.movies_export import Exports
from popflix.sandbox.movies_listing import PAGE, Listing, Query

MOST_PAGES = 500
MOST_REVISIONS = 50
_PATH = re.compile(
    r"/3/(?:(discover)/(movie|tv)|(movie|tv)/(?:(changes)|(\d{8,9})(/watch/providers)?))"
)
_SERIES_EACH = 5  # one series to so many films
_JSON_LINES = "application/x-ndjson"
_ORDERS = {"popularity": "popularity", "primary_release_date": "date", "first_air_date": "date"}


@dataclass(frozen=True, slots=True)
class Setting:
    """`drift` is the share of edges between pages that two films cross, drawn each request."""

    seed: int = 1
    movies: int = 0
    discover_cap: int = MOST_PAGES
    drift: float = 0.0
    export_hour: int = 0
    broken: int = 0


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class MovieApi:
    """Answers for `setting.movies` films and a fifth as many series."""

    def __init__(self, setting: Setting, now: Callable[[], dt.datetime] = _utc_now) -> None:
        self._setting = setting
        self._now = now
        series = -(-setting.movies // _SERIES_EACH)
        self._films = {
            "movie": Films("movie", setting.seed, setting.movies, setting.broken),
            "tv": Films("tv", setting.seed, series),
        }
        self._listings: dict[str, Listing] = {}
        self._exports = Exports(self._films, setting.export_hour)

    @property
    def films(self) -> Mapping[str, Films]:
        """By media type."""
        return self._films

    def answer(self, path: str, params: Mapping[str, str]) -> Answer | None:
        """The faultless answer to GET `path`; None where it is about no film of these."""
        match = _PATH.fullmatch(path) if self._setting.movies else None
        if match is None:
            return None
        discover, listed, media_type, changes, number, watch = match.groups()
        if discover:
            return self._discover(listed, params)
        if changes:
            return self._changes(media_type, params)
        if watch:
            found = self._detail(media_type, int(number), WATCH)
            return watch_alone(found) if found else None
        return self._detail(media_type, int(number), params)

    def export(self, path: str) -> Answer:
        """The answer to a path of the host of files."""
        if not self._setting.movies:
            return answers.NOT_FOUND
        return self._exports.answer(path, self._now())

    def expected(self, query: str) -> Answer:
        """JSON lines: of each id of a media type what a reader of its JSON would hold."""
        media_type = dict(parse_qsl(query)).get("media_type", "movie")
        if media_type not in self._films:
            return answers.NOT_FOUND
        lines = b"".join(encode(expected(film)) + b"\n" for film in self._films[media_type])
        return Answer(200, lines, content_type=_JSON_LINES)

    def set(self, query: str) -> Answer:
        """Make it another revision: one film in forty changes with each, and is told today."""
        revision = _whole(dict(parse_qsl(query)).get("revision", ""))
        if not 1 <= revision <= MOST_REVISIONS:
            return failure(400, 47, f"Write revision=N, a number from 1 to {MOST_REVISIONS}.")
        for films in self._films.values():
            films.revision = revision
        return Answer(200, encode({"revision": revision}))

    def _detail(self, media_type: str, number: int, params: Mapping[str, str]) -> Answer | None:
        if number < FIRST_ID:
            return None
        counted = f"{media_type}/{number}"
        if params.get("append_to_response", "").count(",") >= MOST_APPENDED:
            return _counted(answers.TOO_MUCH_APPENDED, counted)
        film = self._served(media_type, number)
        if film is None:
            return _counted(answers.NOT_FOUND, counted)
        if film.standing is Standing.BROKEN:
            return _counted(answers.INTERNAL_ERROR, counted)
        return Answer(200, encode(full_body(film, params)), counted, keep=False)

    def _served(self, media_type: str, number: int) -> Film | None:
        """The film of an id, that which it was merged into, or None: never there, or gone."""
        films = self._films[media_type]
        film = films.by_id(number)
        if film is not None and film.merged_into is not None:
            film = films.by_id(film.merged_into)
        return None if film is None or film.standing is Standing.GONE else film

    def _changes(self, media_type: str, params: Mapping[str, str]) -> Answer:
        page = _page(params, MOST_PAGES)
        if page is None:
            return _bad_page(MOST_PAGES)
        return changed(self._films[media_type], params, self._now().date(), page)

    def _discover(self, media_type: str, params: Mapping[str, str]) -> Answer:
        page = _page(params, self._setting.discover_cap)
        if page is None:
            return _bad_page(self._setting.discover_cap)
        try:
            query = _query(media_type, params)
        except ValueError:
            return BAD_DATE
        if media_type not in self._listings:
            self._listings[media_type] = Listing(self._films[media_type], self._setting.drift)
        films, count = self._listings[media_type].page(query, page)
        body = {
            "page": page,
            "results": [list_item(film) for film in films],
            "total_pages": max(1, -(-count // PAGE)),  # not capped, as the real one
            "total_results": count,
        }
        return Answer(200, encode(body), f"discover/{media_type}", keep=False)


def _counted(answer: Answer, name: str) -> Answer:
    return replace(answer, tconst=name, keep=False)


def _query(media_type: str, params: Mapping[str, str]) -> Query:
    """Raises ValueError where a date is none. An unknown order is the usual one, as TMDB's."""
    name = "primary_release_date" if media_type == "movie" else "first_air_date"
    by, _, direction = params.get("sort_by", "").partition(".")
    most = _whole(params.get("vote_count.lte", ""))
    return Query(
        since=_ordinal(params.get(f"{name}.gte", "")),
        until=_ordinal(params.get(f"{name}.lte", "")),
        by=_ORDERS.get(by, "popularity"),
        descending=by not in _ORDERS or direction != "asc",
        adult=params.get("include_adult", "").lower() == "true",
        language=params.get("with_original_language", ""),
        least_votes=max(0, _whole(params.get("vote_count.gte", ""))),
        most_votes=most if most >= 0 else None,
    )


def _ordinal(text: str) -> int | None:
    return dt.date.fromisoformat(text).toordinal() if text else None


def _page(params: Mapping[str, str], most: int) -> int | None:
    number = _whole(params.get("page", "1"))
    return number if 1 <= number <= most else None


def _bad_page(most: int) -> Answer:
    told = f"Invalid page: Pages start at 1 and max at {most}. They are expected to be an integer."
    return failure(400, 22, told)


def _whole(text: str) -> int:
    """-1 for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
