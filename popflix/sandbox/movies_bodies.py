"""TMDB's bodies of the invented films: those of the titles, with what is odd about each film."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from popflix.sandbox.api import languages
from popflix.sandbox.appended import appended
from popflix.sandbox.bodies import detail, found_item
from popflix.sandbox.catalogue import Known, Title
from popflix.sandbox.entries import Entry
from popflix.sandbox.movies import Film

Json = dict[str, Any]

_DATE = {"movie": "release_date", "tv": "first_air_date"}
_SECOND_JOB = 4  # one film in so many has people with two parts or jobs


def full_body(film: Film, params: Mapping[str, str]) -> Json:
    """The body of GET /movie/{id} or /tv/{id} with what `params` ask to be appended."""
    entry = _entry(film)
    body = detail(entry) | _own_values(film)
    if not film.votes and film.media_type == "movie":
        body["status"] = "Planned" if film.index % 2 else "In Production"
    blocks = appended(
        entry,
        params.get("append_to_response", "").split(","),
        video_languages=languages(params, "include_video_language"),
        image_languages=languages(params, "include_image_language"),
    )
    if "credits" in blocks and film.index % _SECOND_JOB == 0:
        _double(blocks["credits"])
    return _dated(film, body | blocks)


def list_item(film: Film) -> Json:
    """One result of /discover: ids of genres, no IMDb id, no runtime."""
    body = found_item(_entry(film)) | _own_values(film)
    del body["media_type"]
    return _dated(film, body)


def expected(film: Film) -> Json:
    """What a reader of its JSON would write down, told without the JSON."""
    entry = _entry(film)
    return {
        "media_type": film.media_type,
        "id": film.tmdb_id,
        "state": film.standing.value,
        "merged_into": film.merged_into,
        "in_export": film.is_exported,
        "in_discover": film.is_listed,
        "title": film.name,
        "original_title": film.own_name,
        "date": film.date,
        "poster_path": entry.poster_path,
        "backdrop_path": entry.backdrop_path,
        "genre_ids": [number for number, _ in film.genres],
        "imdb_id": film.imdb_id,
        "cast_ids": [film.person(number) for number in range(3)],
        "crew_ids": [film.person(3)],
        "vote_average": film.average,
        "vote_count": film.votes,
        "popularity": film.popularity,
        "adult": film.adult,
    }


def _own_values(film: Film) -> Json:
    return {
        "adult": film.adult,
        "popularity": film.popularity,
        "vote_average": film.average,
        "vote_count": film.votes,
    }


def _dated(film: Film, body: Json) -> Json:
    """Some bodies lack the key of the date; the others have "" where TMDB knows none."""
    if film.date is None:
        del body[_DATE[film.media_type]]
    return body


def _double(credits: Json) -> None:
    """Who has two parts or jobs is listed twice."""
    first, director = credits["cast"][0], credits["crew"][0]
    credits["cast"].append({**first, "character": "Twin", "order": len(credits["cast"])})
    credits["crew"].append({**director, "department": "Writing", "job": "Screenplay"})


def _entry(film: Film) -> Entry:
    year = int(film.date[:4]) if film.date else None
    title = Title(
        index=film.index,
        tconst=film.imdb_id or "",
        imdb_type="movie" if film.media_type == "movie" else "tvSeries",
        known=Known.DIRECT,
        media=film.media,
        name=film.name,
        own_name=film.own_name,
        language=film.language,
        country=film.country,
        year=year,
        end_year=None,
        runtime=film.runtime,
        genres=film.genres,
    )
    return Entry(
        media_type=film.media_type,
        tmdb_id=film.tmdb_id,
        imdb_id=film.imdb_id,
        name=film.name,
        own_name=film.own_name,
        year=year,
        media=film.media,
        title=title,
        day=film.date or "",
    )
