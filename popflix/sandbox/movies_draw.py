"""How the values of an invented film are drawn: fast, and the same ones each time."""

from __future__ import annotations

import datetime as dt
from hashlib import blake2b

from popflix.sandbox.catalogue import Media
from popflix.sandbox.words import (
    ADJECTIVES,
    FOREIGN,
    MOVIE_GENRES,
    NOUNS,
    PATTERNS,
    PLACES,
    TV_GENRES,
)

LONG_TITLE = 640  # characters; longer than a column of the usual 255
_LAST_DAY = dt.date(2027, 12, 31).toordinal()  # some are announced, not out
_DAYS = _LAST_DAY - dt.date(1915, 1, 1).toordinal()
_PATTERNS = tuple(pattern for weight, pattern in PATTERNS for _ in range(weight))
_GENRES = {"movie": MOVIE_GENRES, "tv": TV_GENRES}
_MEDIA = (
    *[Media.PLAIN] * 26, *[Media.MANY] * 6, *[Media.NO_POSTER] * 3, *[Media.NO_TRAILER] * 8,
    Media.VIMEO, Media.TEASER, *[Media.BARE] * 5,
)  # fmt: skip


class Lots:
    """A handful of numbers for one film; ten times as quick to make as a Random."""

    __slots__ = ("_left",)

    def __init__(self, key: str, index: int) -> None:
        digest = blake2b(f"{key} {index}".encode(), digest_size=48).digest()
        self._left = int.from_bytes(digest, "big")

    def below(self, most: int) -> int:
        self._left, lot = divmod(self._left, most)
        return lot

    def one_in(self, many: int) -> bool:
        return self.below(many) == 0


def drawn_name(lots: Lots, *, is_long: bool) -> tuple[str, str, str, str]:
    """Name, original name, language, country."""
    if lots.one_in(6) and not is_long:
        language, country, own_name, english = FOREIGN[lots.below(len(FOREIGN))]
        return (own_name if lots.one_in(2) else english), own_name, language, country
    name = _PATTERNS[lots.below(len(_PATTERNS))].format(
        adjective=ADJECTIVES[lots.below(len(ADJECTIVES))],
        noun=NOUNS[lots.below(len(NOUNS))],
        place=PLACES[lots.below(len(PLACES))],
    )
    if is_long:
        name = (f"{name}, or " * LONG_TITLE)[:LONG_TITLE].rstrip()
    return name, name, "en", "US"


def drawn_date(lots: Lots) -> str:
    """More of late than long ago; where only the year is known TMDB has its first of January."""
    lot = lots.below(10_000)
    back = _DAYS * lot * (lot + 3000) // 130_000_000
    day = dt.date.fromordinal(_LAST_DAY - back)
    return f"{day.year}-01-01" if lots.one_in(20) else day.isoformat()


def drawn_media(lots: Lots) -> Media:
    return _MEDIA[lots.below(len(_MEDIA))]


def drawn_genres(lots: Lots, media_type: str) -> tuple[tuple[int, str], ...]:
    """None to three, each once; TMDB does not sort them."""
    known = _GENRES[media_type]
    first, count = lots.below(len(known)), lots.below(4)
    return tuple(known[(first + 2 * number) % len(known)] for number in range(count))
