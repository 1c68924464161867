"""Which poster and which trailer a title gets, and why. Pure.

Videos rank by language chain, official, Trailer over Teaser over Clip, newest, size; the key
breaks ties, because TMDB promises no order and the same answer must give the same choice.
Posters rank by language chain, then by TMDB's own votes and size.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

KINDS = ("Trailer", "Teaser", "Clip")  # best first; anything else is no trailer
_SITES = {
    "youtube": (re.compile(r"[A-Za-z0-9_-]{6,20}"), "https://www.youtube.com/embed/"),
    "vimeo": (re.compile(r"[0-9]{5,15}"), "https://player.vimeo.com/video/"),
}
_FILE_PATH = re.compile(r"/[A-Za-z0-9_-]+\.(?:jpe?g|png|webp)")
_NAME_LENGTH = 60


class Video(Protocol):
    """One video as TMDB lists it; texts may be empty, `language` an ISO 639-1 code or None."""

    @property
    def site(self) -> str | None: ...
    @property
    def key(self) -> str | None: ...
    @property
    def type(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def official(self) -> bool | None: ...
    @property
    def size(self) -> int | None: ...
    @property
    def published_at(self) -> str | None: ...
    @property
    def language(self) -> str | None: ...


class Poster(Protocol):
    """One poster as TMDB lists it; `language` None means without text."""

    @property
    def file_path(self) -> str | None: ...
    @property
    def language(self) -> str | None: ...
    @property
    def vote_average(self) -> float | None: ...
    @property
    def width(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """A URL or None, and the reason in words an operator can check."""

    url: str | None
    reason: str


def choose_trailer(videos: Sequence[Video] | None, languages: Sequence[str]) -> Choice:
    """Choose among TMDB's videos; None means that the answer carried no list at all."""
    if videos is None:
        return Choice(None, "TMDB's answer carried no list of videos.")
    if not videos:
        return Choice(None, "TMDB lists no video.")
    chain = _codes(languages)
    best, best_rank = None, None
    for video in videos:
        if _embed_url(video) is None or video.type not in KINDS:
            continue
        rank = _video_rank(video, chain)
        if best_rank is None or rank > best_rank:
            best, best_rank = video, rank
    if best is None:
        return Choice(None, f"None of TMDB's {len(videos)} videos is a trailer: {_why(videos)}.")
    return Choice(_embed_url(best), _trailer_reason(best, len(videos), chain))


def _video_rank(video: Video, chain: Sequence[str]) -> tuple[int, bool, int, str, int, str]:
    return (
        -_language_rank(video.language, chain),
        bool(video.official),
        -KINDS.index(video.type or ""),
        video.published_at or "",
        video.size or 0,
        video.key or "",
    )


def _embed_url(video: Video) -> str | None:
    """The player's address, or None where site or key are not exactly of the known form."""
    known = _SITES.get((video.site or "").lower())
    if known is None or not known[0].fullmatch(video.key or ""):
        return None
    return known[1] + (video.key or "")


def _trailer_reason(video: Video, count: int, chain: Sequence[str]) -> str:
    words = [
        "Official" if video.official else "Unofficial",
        f"{video.type} on {video.site}",
        f"in {video.language}" if video.language else "without language",
    ]
    if _language_rank(video.language, chain) > len(chain):
        words.append(f"(none in {', '.join(chain)})")
    if video.size:
        words.append(f"{video.size}p")
    if video.published_at:
        words.append(f"of {video.published_at[:10]}")
    if video.name:
        words.append(f'"{video.name[:_NAME_LENGTH]}"')
    return f"{' '.join(words)}; best of {count} by language, official, kind, date, size."


def _why(videos: Sequence[Video]) -> str:
    counted = Counter(_objection(video) for video in videos)
    return ", ".join(f"{count} {why}" for why, count in sorted(counted.items()))


def _objection(video: Video) -> str:
    if video.type not in KINDS:
        return video.type or "without kind"
    if (video.site or "").lower() not in _SITES:
        return f"on the unknown site {(video.site or '')[:_NAME_LENGTH] or 'without name'}"
    return f"with a key that {video.site} would not give"


def choose_poster(
    offered: str | None, posters: Sequence[Poster], languages: Sequence[str], prefix: str
) -> Choice:
    """Choose the poster.

    `offered` is TMDB's own pick for the first language of the chain; `posters` its full list,
    asked for only where the chain has several languages, since TMDB falls back to the film's
    language instead of to the second of ours. `prefix` is image host plus size.
    """
    chain = _codes(languages)
    usable = [poster for poster in posters if _FILE_PATH.fullmatch(poster.file_path or "")]
    if usable:
        best = max(usable, key=lambda poster: _poster_rank(poster, chain))
        which = f"in {best.language}" if best.language else "without text"
        votes = f"votes {best.vote_average or 0:g}, width {best.width or 0}"
        return Choice(
            f"{prefix}{best.file_path}",
            f"Poster {which} ({votes}); best of {len(usable)} by language, votes, size.",
        )
    if not offered:
        return Choice(None, "TMDB has no poster.")
    if not _FILE_PATH.fullmatch(offered):
        return Choice(None, "TMDB's poster path is not a file name, so it was not used.")
    return Choice(f"{prefix}{offered}", f"TMDB's own pick for {chain[0]}.")


def _poster_rank(poster: Poster, chain: Sequence[str]) -> tuple[int, float, int, str]:
    return (
        -_language_rank(poster.language, chain),
        poster.vote_average or 0.0,
        poster.width or 0,
        poster.file_path or "",
    )


def _codes(languages: Sequence[str]) -> tuple[str, ...]:
    return tuple(tag.partition("-")[0].lower() for tag in languages)


def _language_rank(language: str | None, chain: Sequence[str]) -> int:
    """Place in the chain; then what has no language; then any other, which still beats none."""
    if not language or language == "xx":
        return len(chain)
    return chain.index(language) if language in chain else len(chain) + 1
