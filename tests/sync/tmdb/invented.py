"""Bodies of TMDB's true shape with invented contents, and a stand-in for the HTTP client."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from popflix.lib.http import Response
from popflix.lib.http.decide import classify

TAKEN = {"success": True, "status_code": 1, "status_message": "Success."}
NOT_FOUND = {
    "success": False,
    "status_code": 34,
    "status_message": "The resource you requested could not be found.",
}
INVALID_KEY = {
    "status_message": "Invalid API key: You must be granted a valid key.",
    "success": False,
    "status_code": 7,
}
TOO_MANY = {
    "status_code": 25,
    "status_message": "Your request count (46) is over the allowed limit of 40.",
}


def video(key: str = "AbCdEf12345", **facts: Any) -> dict[str, Any]:
    return {
        "iso_639_1": "en",
        "iso_3166_1": "US",
        "name": "Official Trailer",
        "key": key,
        "site": "YouTube",
        "size": 1080,
        "type": "Trailer",
        "official": True,
        "published_at": "2024-05-01T16:00:00.000Z",
        "id": "64f0000000000000000000a1",
        **facts,
    }


def movie(number: int = 9_000_001, **facts: Any) -> dict[str, Any]:
    """`GET /movie/{id}?append_to_response=videos`."""
    return {
        "adult": False,
        "backdrop_path": None,
        "belongs_to_collection": None,
        "budget": 0,
        "genres": [{"id": 18, "name": "Drama"}],
        "homepage": "",
        "id": number,
        "imdb_id": "tt99000001",
        "origin_country": ["US"],
        "original_language": "en",
        "original_title": "The Glass Harbour",
        "overview": "",
        "popularity": 1.5,
        "poster_path": "/glassharbour.jpg",
        "production_companies": [],
        "release_date": "2019-07-15",
        "revenue": 0,
        "runtime": 101,
        "softcore": False,
        "status": "Released",
        "title": "The Glass Harbour",
        "video": False,
        "vote_average": 7,
        "vote_count": 12,
        "videos": {"results": [video()]},
        **facts,
    }


def tv(number: int = 9_000_002, **facts: Any) -> dict[str, Any]:
    """`GET /tv/{id}?append_to_response=videos,external_ids`."""
    return {
        "adult": False,
        "first_air_date": "2019-01-01",
        "id": number,
        "last_episode_to_air": None,
        "name": "The Glass Harbour",
        "number_of_seasons": 1,
        "original_name": "The Glass Harbour",
        "poster_path": "/glassseries.jpg",
        "vote_average": 7.5,
        "videos": {"results": []},
        "external_ids": {"imdb_id": "tt99000001", "tvdb_id": 1, "wikidata_id": None},
        **facts,
    }


def find(
    movies: list[dict[str, Any]] | None = None,
    series: list[dict[str, Any]] | None = None,
    episodes: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """`GET /find/{tconst}`; found records carry no IMDb id."""
    return {
        "movie_results": [_found(record, "movie") for record in movies or []],
        "person_results": [],
        "tv_results": [_found(record, "tv") for record in series or []],
        "tv_episode_results": episodes or [],
        "tv_season_results": [],
    }


def _found(record: dict[str, Any], media_type: str) -> dict[str, Any]:
    kept = {"id", "title", "original_title", "release_date", "name", "original_name",
            "first_air_date", "poster_path", "adult"}  # fmt: skip
    found = {name: value for name, value in record.items() if name in kept}
    return found | {"media_type": media_type, "genre_ids": [18]}


class FakeHttp:
    """Answers by path: a body, an error status, (status, body), or a list of these used up one by
    one. What is not listed answers 404."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []
        self.params: list[Mapping[str, str]] = []
        self.lanes: list[int] = []
        self.is_closed = False

    def get(self, path: str, params: Mapping[str, str] | None = None, *, lane: int) -> Response:
        self.asked.append(path)
        self.params.append(params or {})
        self.lanes.append(lane)
        answer = self.answers.get(path, 404)
        if isinstance(answer, list):
            answer = answer.pop(0)
        status, body = _reply(answer)
        error = classify(status, {}, body, "TMDB", dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
        if error is not None:
            raise error
        return Response(status, {}, body)

    @property
    def sent(self) -> int:
        return len(self.asked)

    def close(self) -> None:
        self.is_closed = True


def _reply(answer: Any) -> tuple[int, bytes]:
    if isinstance(answer, int):
        return answer, json.dumps(NOT_FOUND if answer == 404 else {}).encode()
    status, body = answer if isinstance(answer, tuple) else (200, answer)
    return status, body if isinstance(body, bytes) else json.dumps(body).encode()
