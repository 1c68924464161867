"""What `append_to_response` adds to a film or series, by namespace."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from popflix.sandbox.entries import Entry
from popflix.sandbox.videos import videos
from popflix.sandbox.words import FIRST_NAMES, LAST_NAMES

Json = dict[str, Any]


def external_ids(entry: Entry) -> Json:
    ids: Json = {"imdb_id": entry.imdb_id}
    if entry.media_type == "tv":
        ids |= {"freebase_mid": None, "freebase_id": None, "tvdb_id": None, "tvrage_id": None}
    social = {"facebook_id": None, "instagram_id": None, "twitter_id": None}
    return ids | {"wikidata_id": f"Q{entry.tmdb_id}"} | social


def credits(entry: Entry) -> Json:
    cast = [
        {
            **_person(entry, n),
            "character": f"Role {n + 1}",
            "credit_id": _hex(entry, n),
            "order": n,
        }
        for n in range(3)
    ]
    director = {**_person(entry, 3), "credit_id": _hex(entry, 3)}
    return {"cast": cast, "crew": [{**director, "department": "Directing", "job": "Director"}]}


def _person(entry: Entry, number: int) -> Json:
    which = entry.tmdb_id + 3 * number
    name = f"{FIRST_NAMES[which % len(FIRST_NAMES)]} {LAST_NAMES[which % len(LAST_NAMES)]}"
    return {
        "adult": False,
        "gender": which % 4,
        "id": FIRST_PERSON_ID + which % 700,
        "known_for_department": "Directing" if number == 3 else "Acting",
        "name": name,
        "original_name": name,
        "popularity": round(which % 97 / 10 + 0.1, 3),
        "profile_path": None if which % 3 else f"/sandbox{which}profile.jpg",
    }


FIRST_PERSON_ID = 9_000_001


def _hex(entry: Entry, number: int) -> str:
    return f"{entry.tmdb_id:020x}{number:04x}"


def images(entry: Entry) -> Json:
    """The entry's own poster is the best voted of them, and English."""
    posters = [
        _image(f"/sandbox{entry.code}poster-plain.jpg", None, 1000, 1500, 4.1),
        _image(f"/sandbox{entry.code}poster-fr.jpg", "fr", 1000, 1500, 3.8),
        _image(entry.poster_path, "en", 2000, 3000, 5.6),
    ]
    backdrops = [_image(entry.backdrop_path, None, 1920, 1080, 5.2)]
    return {
        "backdrops": backdrops if entry.backdrop_path else [],
        "logos": [],
        "posters": posters if entry.poster_path else [],
    }


def _image(path: str | None, language: str | None, width: int, height: int, vote: float) -> Json:
    return {
        "aspect_ratio": round(width / height, 3),
        "height": height,
        "iso_3166_1": {"en": "US", "fr": "FR"}.get(language or ""),
        "iso_639_1": language,
        "file_path": path,
        "vote_average": vote,
        "vote_count": 6,
        "width": width,
    }


def release_dates(entry: Entry) -> Json:
    if entry.year is None:
        return {"results": []}
    premiere = {
        "certification": "",
        "descriptors": [],
        "iso_639_1": "",
        "note": "",
        "release_date": f"{entry.date}T00:00:00.000Z",
        "type": 3,
    }
    return {"results": [{"iso_3166_1": "US", "release_dates": [premiere]}]}


def content_ratings(entry: Entry) -> Json:
    """What release_dates are to a film; a few series have none."""
    rating = {"descriptors": [], "iso_3166_1": "US", "rating": "TV-14"}
    return {"results": [rating] if entry.tmdb_id % 4 else []}


def watch_providers(entry: Entry) -> Json:
    """A third is to be watched nowhere; regions and lists are absent where they are empty."""
    offer = {
        "logo_path": "/sandboxprovider.jpg",
        "provider_id": 9001 + entry.tmdb_id % 5,
        "provider_name": f"Invented Screen {entry.tmdb_id % 5 + 1}",
        "display_priority": entry.tmdb_id % 5,
    }
    link = f"https://www.themoviedb.org/{entry.media_type}/{entry.tmdb_id}/watch?locale="
    regions: list[Json] = [
        {},
        {"US": {"link": f"{link}US", "flatrate": [offer]}},
        {
            "GB": {"link": f"{link}GB", "rent": [offer], "buy": [offer]},
            "US": {"link": f"{link}US", "ads": [offer]},
        },
    ]
    return {"results": regions[entry.tmdb_id % 3]}


def _videos(entry: Entry) -> Json:
    return {"results": videos(entry)}


_OF_BOTH: dict[str, Callable[[Entry], Json]] = {
    "videos": _videos,
    "external_ids": external_ids,
    "watch/providers": watch_providers,
    "images": images,
    "credits": credits,
}
NAMESPACES = {
    "movie": _OF_BOTH | {"release_dates": release_dates},
    "tv": _OF_BOTH | {"content_ratings": content_ratings},
}


def appended(
    entry: Entry,
    names: Collection[str],
    *,
    video_languages: Collection[str],
    image_languages: Collection[str],
) -> Json:
    """The namespaces asked for; one TMDB does not know is left out without a word.

    An empty collection of languages means all; "null" stands for none, as in the query.
    """
    known = NAMESPACES[entry.media_type]
    # in TMDB's order of asking, each once
    body = {name: known[name](entry) for name in dict.fromkeys(names) if name in known}
    if "videos" in body and video_languages:
        body["videos"]["results"] = _in(video_languages, body["videos"]["results"])
    if "images" in body and image_languages:
        body["images"] = {
            kind: _in(image_languages, pictures) for kind, pictures in body["images"].items()
        }
    return body


def _in(languages: Collection[str], items: list[Json]) -> list[Json]:
    return [item for item in items if (item["iso_639_1"] or "null") in languages]
