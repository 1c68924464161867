"""A sandbox's catalogue, and the commands run against it in this process."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.test import override_settings

from popflix.sandbox import Sandbox, running
from sync.movies.models import Movie

FASTEST = 600.0  # requests per second; the sandbox bears more
CAP = 5  # pages of a list


@contextmanager
def crawlable(movies: int = 300, *, cap: int = CAP, **options: Any) -> Iterator[Sandbox]:
    """A running sandbox of so many films, the settings leading to it."""
    with (
        running(titles=1, movies=movies, discover_cap=cap, **options) as sandbox,
        tempfile.TemporaryDirectory() as var,
        override_settings(
            POPFLIX_VAR=Path(var),  # the limiter's own file, and the exports
            TMDB_API_KEY="invented-key",
            TMDB_BASE_URL=sandbox.url,
            TMDB_EXPORT_URL=sandbox.exports_url.rstrip("/"),
            TMDB_RATE_PER_SECOND=FASTEST,
            TMDB_DISCOVER_PAGES=cap,
        ),
    ):
        yield sandbox


def run(name: str, *arguments: object, expect: int = 0) -> dict[str, Any]:
    """A command's --json object; `expect` is its exit code."""
    out = io.StringIO()
    code = 0
    try:
        call_command(name, *map(str, arguments), "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code == expect, out.getvalue()
    told = json.loads(out.getvalue())
    assert isinstance(told, dict)
    return told


def crawl(*arguments: object, **options: Any) -> dict[str, Any]:
    return run("crawl_movies", *arguments, **options)


def those(sandbox: Sandbox, *states: str, **facts: object) -> set[int]:
    """Ids of the sandbox's films in these states."""
    return {
        number
        for number, film in sandbox.expected_movies().items()
        if film["state"] in states and all(film[name] == value for name, value in facts.items())
    }


def held() -> set[int]:
    return set(Movie.objects.filter(upstream_state="live").values_list("tmdb_id", flat=True))


def fetches(sandbox: Sandbox) -> dict[int, int]:
    """How often the body of each film was truly answered."""
    counted = sandbox.report()["answered_by_title"]
    return {
        int(name.removeprefix("movie/")): count
        for name, count in counted.items()
        if name.startswith("movie/")
    }
