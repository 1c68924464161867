"""A folder of recorded TMDB bodies, served byte for byte.

Which request a file answers is read from its name, which may say `movie_ID`, `tv_ID`, `find_ID`
(or lie in a folder of that name: `movie/tt99000001.json`) or `configuration`; a name that ends
in a status (`…_404.json`) gives that status, else it is 200. A film also answers to the
`imdb_id` it carries, and without a telling name a film or series answers to its own `id`. The
first file by name wins; files that answer nothing are named when the sandbox starts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from popflix.sandbox import answers
from popflix.sandbox.answers import Answer, encode
from popflix.sandbox.bodies import CONFIGURATION, found
from popflix.sandbox.imdb import HEADER, NULL

_ROUTE = re.compile(r"(?:^|[_/.-])(movie|tv|find)[_/](tt\d+|nm\d+|\d+)(?!\d)")
_STATUS = re.compile(r"[_.]([1-5]\d\d)\.json$")


class Recordings:
    """A `Source` over the *.json files of `folder`, read once."""

    def __init__(self, folder: Path) -> None:
        self.skipped: list[str] = []
        self._bodies: dict[str, Answer] = {}
        self._titles: dict[str, dict[str, Any]] = {}
        by_content: list[tuple[str, Answer]] = []
        files = sorted(folder.rglob("*.json"))
        for file in files:
            by_content += self._take(file.relative_to(folder).as_posix(), file.read_bytes())
        for path, answer in by_content:  # a telling name outranks what a body says of itself
            self._bodies.setdefault(path, answer)
        self._bodies.setdefault("/3/configuration", Answer(200, encode(CONFIGURATION)))
        self._bodies.setdefault("/3/authentication", answers.KEY_ACCEPTED)
        self._described = f"recorded bodies (files: {len(files) - len(self.skipped)})"

    def answer(self, path: str, params: Mapping[str, str]) -> Answer:
        known = self._bodies.get(path)
        if known is not None:
            return known
        if path.startswith("/3/find/"):
            return Answer(200, encode(found(())))
        return answers.NOT_FOUND

    def expected(self) -> dict[str, dict[str, object]]:
        return {}

    def imdb_lines(self) -> Iterator[str]:
        yield f"{HEADER}\n"
        for tconst, body in sorted(self._titles.items()):
            name = " ".join(str(body["title"]).split())
            year = str(body.get("release_date") or "")[:4] or NULL
            yield "\t".join((tconst, "movie", name, name, "0", year, NULL, NULL, NULL)) + "\n"

    def described(self) -> str:
        return self._described

    def _take(self, name: str, raw: bytes) -> list[tuple[str, Answer]]:
        """Serve the file by its name; return the paths its content asks for besides."""
        status = int(match[1]) if (match := _STATUS.search(name)) else 200
        body = _parsed(raw)
        tconst = _imdb_id(body)
        answer = Answer(status, raw, tconst)
        told = _path_by_name(name)
        if told:
            self._bodies.setdefault(told, answer)
        by_content = [(path, answer) for path in _paths_by_content(body)]
        if tconst:
            self._titles.setdefault(tconst, body)
        if not told and not by_content:
            self.skipped.append(name)
        return by_content


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        return {}  # a recorded body need not be JSON
    return body if isinstance(body, dict) else {}


def _path_by_name(name: str) -> str:
    if match := _ROUTE.search(name):
        return f"/3/{match[1]}/{match[2]}"
    return "/3/configuration" if "configuration" in name else ""


def _imdb_id(body: dict[str, Any]) -> str | None:
    tconst = body.get("imdb_id")
    is_film = "release_date" in body and "title" in body
    return tconst if is_film and isinstance(tconst, str) and tconst else None


def _paths_by_content(body: dict[str, Any]) -> list[str]:
    if not isinstance(body.get("id"), int):
        return []
    if "first_air_date" in body and "name" in body:
        return [f"/3/tv/{body['id']}"]
    if "release_date" not in body or "title" not in body:
        return []
    tconst = _imdb_id(body)
    return [f"/3/movie/{body['id']}"] + ([f"/3/movie/{tconst}"] if tconst else [])
