"""What the invented provider really has: by a rule from the seed alone, so that it can be told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b

from popflix.sandbox.movies import FIRST_ID, Film, Films, Standing

MOST_EDITIONS = 50
# Ids of which everybody knows the answer, far above those of films; no edition changes them.
AVAILABLE_CONTROLS = (90_000_001, 90_000_003, 90_000_005)
UNAVAILABLE_CONTROLS = (90_000_002, 90_000_004, 90_000_006)
_SHARE = 0.7  # of the films, and of the episodes of a series that is there
_CHANGED_SHARE = 0.1  # comes or goes with each edition
_TCONST = re.compile(r"tt9[78](\d{6,7})")


class Truth:
    """Of `films` by media type. With no films any id may be there, with some only theirs may.

    Ids below those of films, the titles', are drawn like the rest. A later `edition` has
    other films.
    """

    def __init__(self, films: Mapping[str, Films], seed: int = 1) -> None:
        self._films = films
        self._seed = seed
        self.edition = 1

    def has(self, media_type: str, number: int, season: int = 0, episode: int = 0) -> bool:
        """Season and episode 0: the film, or the series as a whole."""
        if number in AVAILABLE_CONTROLS or number in UNAVAILABLE_CONTROLS:
            return number in AVAILABLE_CONTROLS
        if not self._exists(media_type, number) or not self._is_drawn(f"{media_type} {number}"):
            return False
        return not season or self._is_drawn(f"{media_type} {number} {season} {episode}")

    def number_of(self, media_type: str, name: str) -> int:
        """Of TMDB's number or an IMDb id in an address; -1 for what is neither or unknown."""
        if name.isascii() and name.isdigit() and len(name) < 11:
            return int(name)
        match = _TCONST.fullmatch(name)
        index = int(match[1]) if match else -1
        films = self._films[media_type]
        return films.film(index).tmdb_id if 0 <= index < films.count else -1

    def available(self, media_type: str) -> Iterator[Film]:
        return (each for each in self._films[media_type] if self.has(media_type, each.tmdb_id))

    def shared_imdb_ids(self, media_type: str) -> set[str]:
        """Those that several films claim: no list could tell these apart by them."""
        claimed = Counter(each.imdb_id for each in self._films[media_type] if each.imdb_id)
        return {imdb_id for imdb_id, count in claimed.items() if count > 1}

    def _exists(self, media_type: str, number: int) -> bool:
        films = self._films[media_type]
        if not films.count or number < FIRST_ID:
            return number > 0
        film = films.by_id(number)
        return film is not None and film.standing not in (Standing.GONE, Standing.MERGED)

    def _is_drawn(self, key: str) -> bool:
        editions = range(2, self.edition + 1)
        changes = sum(self._lot(f"{each} {key}") < _CHANGED_SHARE for each in editions)
        return (self._lot(key) < _SHARE) is (changes % 2 == 0)

    def _lot(self, key: str) -> float:
        digest = blake2b(f"{self._seed} provider {key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64
