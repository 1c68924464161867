"""TMDB's bodies of the invented entries, key for key as the real ones, 2026's newcomers included.

The keys and types follow TMDB's OpenAPI document and recorded answers; every value is invented.
"""

from __future__ import annotations

from typing import Any

from popflix.sandbox.entries import Entry
from popflix.sandbox.words import (
    COUNTRY_NAMES,
    FIRST_NAMES,
    LANGUAGE_NAMES,
    LAST_NAMES,
    STUDIOS,
)

Json = dict[str, Any]

_FIND_ARRAYS = (
    "movie_results", "person_results", "tv_results", "tv_episode_results", "tv_season_results",
)  # fmt: skip

CONFIGURATION: Json = {
    "change_keys": ["adult", "genres", "images", "imdb_id", "overview", "title", "videos"],
    "images": {
        "base_url": "http://image.tmdb.org/t/p/",
        "secure_base_url": "https://image.tmdb.org/t/p/",
        "backdrop_sizes": ["w300", "w780", "w1280", "original"],
        "logo_sizes": ["w45", "w92", "w154", "w185", "w300", "w500", "original"],
        "poster_sizes": ["w92", "w154", "w185", "w342", "w500", "w780", "original"],
        "profile_sizes": ["w45", "w185", "h632", "original"],
        "still_sizes": ["w92", "w185", "w300", "original"],
    },
}


def detail(entry: Entry) -> Json:
    """The body of GET /movie/{id} or /tv/{id}, nothing appended."""
    return _movie(entry) if entry.media_type == "movie" else _series(entry)


def found(candidates: tuple[Entry, ...]) -> Json:
    """The body of GET /find/{id}: always five arrays, all empty where TMDB knows nothing."""
    body: Json = {name: [] for name in _FIND_ARRAYS}
    for entry in candidates:
        body[f"{entry.media_type}_results"].append(found_item(entry))
    return body


def _movie(entry: Entry) -> Json:
    return {
        **_shared(entry),
        "belongs_to_collection": None,
        "budget": entry.tmdb_id % 90 * 100_000,
        "imdb_id": entry.imdb_id,
        "original_title": entry.own_name,
        "release_date": entry.date,
        "revenue": 0,
        "runtime": entry.title.runtime or 0,
        "status": "Released",
        "title": entry.name,
        "video": False,
    }


def _series(entry: Entry) -> Json:
    title = entry.title
    ended = title.end_year is not None
    return {
        **_shared(entry),
        "created_by": [],
        "episode_run_time": [title.runtime] if title.runtime else [],
        "first_air_date": entry.date,
        "in_production": not ended,
        "languages": [title.language],
        "last_air_date": f"{title.end_year}-11-20" if ended else None,
        "last_episode_to_air": None,
        "name": entry.name,
        "networks": [],
        "next_episode_to_air": None,
        "number_of_episodes": 8,
        "number_of_seasons": 1,
        "original_name": entry.own_name,
        "seasons": [_season(entry)],
        "status": "Ended" if ended else "Returning Series",
        "type": "Miniseries" if title.imdb_type == "tvMiniSeries" else "Scripted",
    }


def _season(entry: Entry) -> Json:
    return {
        "air_date": entry.date or None,
        "episode_count": 8,
        "id": entry.tmdb_id + 500_000,
        "name": "Season 1",
        "overview": "",
        "poster_path": entry.poster_path,
        "season_number": 1,
        "vote_average": 0.0,
    }


def _shared(entry: Entry) -> Json:
    title, number = entry.title, entry.tmdb_id
    english, native = LANGUAGE_NAMES[title.language]
    return {
        "adult": False,
        "backdrop_path": entry.backdrop_path,
        "genres": [{"id": genre, "name": name} for genre, name in title.genres],
        "homepage": "",
        "id": number,
        "origin_country": [title.country],
        "original_language": title.language,
        "overview": _overview(entry),
        "popularity": _popularity(entry),
        "poster_path": entry.poster_path,
        "production_companies": [
            {
                "id": 9001 + number % len(STUDIOS),
                "logo_path": None,
                "name": STUDIOS[number % len(STUDIOS)],
                "origin_country": title.country,
            }
        ],
        "production_countries": [
            {"iso_3166_1": title.country, "name": COUNTRY_NAMES[title.country]}
        ],
        "softcore": False,
        "spoken_languages": [
            {"english_name": english, "iso_639_1": title.language, "name": native}
        ],
        "tagline": "",
        "vote_average": _vote(entry),
        "vote_count": number % 4000,
    }


def found_item(entry: Entry) -> Json:
    """One result of /find; those of the lists are the same without `media_type`."""
    is_movie = entry.media_type == "movie"
    own: Json = (
        {
            "title": entry.name,
            "original_title": entry.own_name,
            "release_date": entry.date,
            "video": False,
        }
        if is_movie
        else {
            "name": entry.name,
            "original_name": entry.own_name,
            "first_air_date": entry.date,
            "origin_country": [entry.title.country],
        }
    )
    return own | {
        "adult": False,
        "backdrop_path": entry.backdrop_path,
        "id": entry.tmdb_id,
        "original_language": entry.title.language,
        "overview": _overview(entry),
        "poster_path": entry.poster_path,
        "media_type": entry.media_type,
        "genre_ids": [genre for genre, _ in entry.title.genres],
        "popularity": _popularity(entry),
        "softcore": False,
        "vote_average": _vote(entry),
        "vote_count": entry.tmdb_id % 4000,
    }


def _overview(entry: Entry) -> str:
    """Empty where nobody has translated it, as with every fifth of these."""
    who = f"{FIRST_NAMES[entry.tmdb_id % 10]} {LAST_NAMES[entry.tmdb_id % 7]}"
    return f"{who} keeps a promise that nobody remembers." if entry.tmdb_id % 5 else ""


def _popularity(entry: Entry) -> float:
    return round(entry.tmdb_id % 977 / 31, 4)


def _vote(entry: Entry) -> float:
    return round(entry.tmdb_id % 61 / 10 + 3, 3)
