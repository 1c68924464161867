"""Records of TMDB's true shape with invented contents, all appended."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from sync.movies.bodies import pack
from sync.movies.body_folder import BodyFolder
from sync.movies.store import Fetched
from sync.movies.transform import Images, read_movie
from tests.sync.tmdb import invented

NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
IMAGES = Images("https://image.example/t/p/", "w500", "w1280")


def person(number: int, **facts: Any) -> dict[str, Any]:
    return {"adult": False, "id": number, "name": f"Person {number}", "popularity": 1.5, **facts}


def movie(number: int = 9_000_001, **facts: Any) -> dict[str, Any]:
    """`GET /movie/{id}` with all that is appended."""
    return {
        **invented.movie(number, imdb_id=f"tt{number:08d}"),
        "backdrop_path": "/glassbackdrop.jpg",
        "genres": [{"id": 18, "name": "Drama"}, {"id": 53, "name": "Thriller"}],
        "vote_average": 7.438,
        "vote_count": 120,
        "credits": {
            "cast": [
                person(9_000_011, character="Ada", order=0),
                person(9_000_012, character="Bo", order=1),
                person(9_000_011, character="Her twin", order=2),
            ],
            "crew": [
                person(9_000_021, job="Director", department="Directing"),
                person(9_000_021, job="Writer", department="Writing"),
                person(9_000_022, job="Editor", department="Editing"),
            ],
        },
        "external_ids": {"imdb_id": f"tt{number:08d}", "wikidata_id": None},
        "images": {"backdrops": [], "logos": [], "posters": [{"file_path": "/p.jpg"}]},
        "release_dates": {
            "results": [{"iso_3166_1": "US", "release_dates": [{"certification": "", "type": 3}]}]
        },
        "watch/providers": {"results": {}},
        **facts,
    }


def tv(number: int = 9_000_002, **facts: Any) -> dict[str, Any]:
    """`GET /tv/{id}` with all that is appended."""
    shared = movie(number)
    for name in ("title", "original_title", "release_date", "runtime", "imdb_id", "release_dates"):
        del shared[name]
    return {
        **shared,
        "content_ratings": {"results": [{"iso_3166_1": "US", "rating": "TV-MA"}]},
        "episode_run_time": [52, 60],
        "first_air_date": "2011-04-17",
        "name": "The Glass Harbour",
        "original_name": "Glashavnen",
        **facts,
    }


def fetched(
    record: dict[str, Any] | None = None,
    *,
    media_type: str = "movie",
    at: dt.datetime = NOW,
    due_at: dt.datetime | None = None,
    token: str = "",
) -> Fetched:
    body = json.dumps(movie() if record is None else record).encode()
    return Fetched(read_movie(body, media_type, IMAGES), pack(body), at, due_at, token)


def bodies_in(folder: Path, count: int) -> set[tuple[int, str]]:
    """Write a folder of bodies as fetch_movies does; returns the id and hash of each."""
    with BodyFolder(folder) as into:
        lines = [
            into.write("movie", number, json.dumps(movie(number)).encode(), fetched_at=NOW)
            for number in range(1, count + 1)
        ]
    return {(line.tmdb_id, line.sha256) for line in lines}
