"""A desk with films to crawl, and what tests ask it for."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from typing import Any
from urllib.parse import urlencode

from popflix.sandbox.desk import Desk
from popflix.sandbox.movies_api import MovieApi, Setting
from popflix.sandbox.replies import Manners
from tests.popflix.sandbox.desks import Got, ask, make_desk

NOON = dt.datetime(2026, 9, 3, 12, tzinfo=dt.UTC)
NO_KEY: dict[str, str] = {}


def movie_desk(
    movies: int = 300,
    *,
    now: dt.datetime = NOON,
    faults: dict[str, float] | None = None,
    hard_limit: int = 0,
    **setting: Any,
) -> Desk:
    api = MovieApi(Setting(movies=movies, **setting), lambda: now)
    return make_desk(titles=20, movies=api, faults=faults, manners=Manners(hard_limit=hard_limit))


def get(desk: Desk, path: str, **params: str) -> Got:
    """Ask with parameters whose names are no words of Python."""
    return ask(desk, f"{path}?{urlencode(params)}")


def told(desk: Desk, media_type: str = "movie") -> dict[int, dict[str, Any]]:
    """What the sandbox says is right, by id."""
    got = ask(desk, "/__sandbox__/movies", headers=NO_KEY, media_type=media_type)
    assert got.status == 200
    return {film["id"]: film for film in map(json.loads, got.raw.splitlines())}


def listed(desk: Desk, media_type: str = "movie", **params: str) -> list[dict[str, Any]]:
    """The films of all pages of one list, each page asked once."""
    found: list[dict[str, Any]] = []
    number, pages = 1, 1
    while number <= pages:
        got = get(desk, f"/3/discover/{media_type}", page=str(number), **params)
        assert got.status == 200
        pages = got.body["total_pages"]
        found += got.body["results"]
        number += 1
    return found


def exported(desk: Desk, name: str = "movie_ids", day: str = "09_03_2026") -> list[dict[str, Any]]:
    got = ask(desk, f"/p/exports/{name}_{day}.json.gz", headers=NO_KEY)
    assert got.status == 200
    return [json.loads(line) for line in gzip.decompress(got.raw).splitlines()]
