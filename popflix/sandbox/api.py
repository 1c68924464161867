"""TMDB v3 over the invented catalogue: which path and query lead to which answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from popflix.sandbox import answers
from popflix.sandbox.answers import Answer, encode
from popflix.sandbox.appended import appended
from popflix.sandbox.bodies import CONFIGURATION, detail, found
from popflix.sandbox.catalogue import Catalogue, Known, Title
from popflix.sandbox.entries import Entry, entries
from popflix.sandbox.expected import expected_outcome
from popflix.sandbox.imdb import tsv_lines

MOST_APPENDED = 20
EXTERNAL_SOURCES = (
    "imdb_id", "facebook_id", "instagram_id", "tvdb_id", "tiktok_id", "twitter_id",
    "wikidata_id", "youtube_id",
)  # fmt: skip
_PATH = re.compile(r"/3/(movie|tv|find)/([^/]+)(/watch/providers)?")
WATCH = {"append_to_response": "watch/providers"}  # what that path alone answers


class CatalogueApi:
    """A `Source` over a Catalogue: /3/movie, /3/tv, /3/find, /3/configuration and
    /3/authentication.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._configuration = Answer(200, encode(CONFIGURATION))

    def answer(self, path: str, params: Mapping[str, str]) -> Answer:
        if path == "/3/configuration":
            return self._configuration
        if path == "/3/authentication":
            return answers.KEY_ACCEPTED
        match = _PATH.fullmatch(path)
        if match is None:
            return answers.NOT_FOUND
        kind, name, watch = match.groups()
        if kind == "find":
            return answers.NOT_FOUND if watch else self._find(name, params)
        title, entry = self._film(name) if kind == "movie" else self._series(name)
        if watch:
            return watch_alone(_detail(title, entry, WATCH))
        return _detail(title, entry, params)

    def expected(self) -> dict[str, dict[str, object]]:
        return {title.tconst: expected_outcome(title) for title in self._catalogue}

    def imdb_lines(self) -> Iterator[str]:
        return tsv_lines(self._catalogue)

    def described(self) -> str:
        return f"{self._catalogue.count} invented titles (seed {self._catalogue.seed})"

    def _film(self, name: str) -> tuple[Title | None, Entry | None]:
        """By TMDB's number, or by the tconst, which TMDB takes in the same place."""
        if name.startswith("tt"):
            title = self._catalogue.by_tconst(name)
            if title is None or title.known is not Known.DIRECT:
                return title, None
            return title, entries(title)[0]
        number = _number(name)
        title = self._catalogue.by_movie_id(number)
        return title, _entry(title, "movie", number)

    def _series(self, name: str) -> tuple[Title | None, Entry | None]:
        number = _number(name)
        title = self._catalogue.by_tv_id(number)
        return title, _entry(title, "tv", number)

    def _find(self, name: str, params: Mapping[str, str]) -> Answer:
        source = params.get("external_source", "")
        if source not in EXTERNAL_SOURCES:
            return answers.VALIDATION_FAILED
        title = self._catalogue.by_tconst(name) if source == "imdb_id" else None
        candidates = entries(title) if title else ()
        return Answer(200, encode(found(candidates)), title.tconst if title else None)


def _number(name: str) -> int:
    return int(name) if name.isascii() and name.isdigit() and len(name) < 12 else -1


def _entry(title: Title | None, media_type: str, number: int) -> Entry | None:
    known = entries(title) if title else ()
    return next((e for e in known if (e.media_type, e.tmdb_id) == (media_type, number)), None)


def _detail(title: Title | None, entry: Entry | None, params: Mapping[str, str]) -> Answer:
    names = params.get("append_to_response", "").split(",")
    if len(names) > MOST_APPENDED:
        return answers.TOO_MUCH_APPENDED
    if entry is None:
        missing = answers.NOT_FOUND
        return Answer(missing.status, missing.body, title.tconst if title else None)
    body: dict[str, Any] = detail(entry)
    body |= appended(
        entry,
        names,
        video_languages=languages(params, "include_video_language"),
        image_languages=languages(params, "include_image_language"),
    )
    return Answer(200, encode(body), entry.title.tconst)


def watch_alone(detail: Answer) -> Answer:
    """GET /movie/{id}/watch/providers, made of the body to which `WATCH` was appended."""
    if detail.status != 200:
        return detail
    body = json.loads(detail.body)
    return replace(detail, body=encode({"id": body["id"], **body["watch/providers"]}))


def languages(params: Mapping[str, str], wider: str) -> set[str]:
    """`language` narrows appended images and videos; `wider` names what is let in besides."""
    language = params.get("language", "").partition("-")[0]
    more = {name for name in params.get(wider, "").split(",") if name}
    return {language} | more if language else set()
