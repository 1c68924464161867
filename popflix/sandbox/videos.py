"""The invented videos of an entry, in TMDB's form and in no helpful order."""

from __future__ import annotations

from typing import Any

from popflix.sandbox.catalogue import Media
from popflix.sandbox.entries import Entry

Video = dict[str, Any]

EMBED_URLS = {
    "YouTube": "https://www.youtube.com/embed/{key}",
    "Vimeo": "https://player.vimeo.com/video/{key}",
}


def best_video(entry: Entry) -> Video | None:
    """The video to show: whichever sound rule ranks them, no other beats it in any respect."""
    if entry.media in (Media.NO_TRAILER, Media.BARE):
        return None
    if entry.media is Media.VIMEO:
        key = f"9{entry.tmdb_id:08d}"
        return _video(entry, 0, "Trailer", "Official Trailer", month=9, site="Vimeo", key=key)
    if entry.media is Media.TEASER:
        return _video(entry, 0, "Teaser", "Teaser", month=9)
    return _video(entry, 0, "Trailer", "Official Trailer", month=9)


def videos(entry: Entry) -> list[Video]:
    best = best_video(entry)
    if best is None:
        return []
    if entry.media is not Media.MANY:
        return [best]
    language, country = (
        ("fr", "FR")
        if entry.title.language == "en"
        else (entry.title.language, entry.title.country)
    )
    return [
        _video(entry, 1, "Clip", "The Bridge", month=3, official=False),
        _video(entry, 2, "Trailer", "Trailer 2", month=5, language=language, country=country),
        _video(entry, 3, "Trailer", "Fan Trailer", month=6, official=False),
        best,
        _video(entry, 4, "Teaser", "Official Teaser", month=2),
        _video(entry, 5, "Trailer", "Official Trailer (early cut)", month=4, size=720),
        _video(entry, 6, "Featurette", "Building the Set", month=7),
    ]


def _video(
    entry: Entry, number: int, kind: str, name: str, *, month: int, official: bool = True,
    language: str = "en", country: str = "US", size: int = 1080, site: str = "YouTube",
    key: str = "",
) -> Video:  # fmt: skip
    return {
        "iso_639_1": language,
        "iso_3166_1": country,
        "name": name,
        "key": key or f"s{number}{entry.code}",  # eleven characters, as YouTube's
        "site": site,
        "size": size,
        "type": kind,
        "official": official,
        "published_at": f"{entry.year or 2020}-{month:02d}-15T16:00:00.000Z",
        "id": f"{entry.tmdb_id:016x}{number:08x}",
    }
