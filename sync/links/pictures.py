"""Addresses of pictures and trailers as pages show them. Pure."""

from __future__ import annotations

import re

TMDB_IMAGES = "https://image.tmdb.org/t/p/"
SMALL, LARGE = "w92", "w342"  # sizes that TMDB offers of each poster
_SIZED = re.compile(r"(?:w\d{2,4}|h\d{2,4}|original)/([\w.-]+)")
_PLAYERS = (
    (
        re.compile(r"https://www\.youtube(?:-nocookie)?\.com/embed/([\w-]+)"),
        "youtube.com/watch?v=",
    ),
    (re.compile(r"https://player\.vimeo\.com/video/(\d+)"), "vimeo.com/"),
)


def sized(url: str | None, size: str, host: str) -> str:
    """TMDB's poster in another size, from `host` (TMDB_IMAGES_SHOWN_FROM).

    Empty where the address is no poster of TMDB's: the page may not load it.
    """
    base = f"{host.rstrip('/')}/"
    for prefix in (base, TMDB_IMAGES):
        if url and url.startswith(prefix):
            file = _SIZED.fullmatch(url.removeprefix(prefix))
            return f"{base}{size}/{file[1]}" if file else ""
    return ""


def to_watch(url: str) -> str:
    """The page of a trailer, of the address of its player."""
    for player, page in _PLAYERS:
        video = player.match(url)
        if video:
            return f"https://{'www.' if 'youtube' in page else ''}{page}{video[1]}"
    return url


def tmdb_page(media_type: str, tmdb_id: int) -> str:
    return f"https://www.themoviedb.org/{media_type or 'movie'}/{tmdb_id}"


def imdb_page(tconst: str) -> str:
    return f"https://www.imdb.com/title/{tconst}/"
