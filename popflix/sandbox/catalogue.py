"""The invented titles: which exist, what TMDB knows of each and in which form.

A title depends on the seed and its own index alone, so the first 60 of 5,000 titles are the
same as those of a catalogue of 60. Nothing is stored: a title is made when it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from random import Random

from popflix.sandbox.words import (
    ADJECTIVES,
    FOREIGN,
    MOVIE_GENRES,
    NOUNS,
    PATTERNS,
    PLACES,
    TV_GENRES,
)

MOST_TITLES = 900_000  # above stand the ids of strangers, up to the end of the band tt99xxxxxx
FIRST_TMDB_ID = 9_000_001
FIRST_RIVAL_ID = 19_000_001  # the second candidate of an ambiguous title
_BLOCK = 50


class Known(Enum):
    """How TMDB knows a title."""

    DIRECT = "direct"  # GET /movie/{tconst} answers
    FIND = "find"  # a movie that only /find names
    SERIES = "series"  # /find names it, /tv/{id} answers
    UNKNOWN = "unknown"  # 404, and an empty /find
    AMBIGUOUS = "ambiguous"  # /find names two candidates, neither carries our tconst


class Media(Enum):
    """What pictures and videos TMDB has of a title."""

    PLAIN = "plain"  # a poster and one official trailer on YouTube
    MANY = "many"  # several videos, of which one official trailer is better in every respect
    NO_POSTER = "no_poster"
    NO_TRAILER = "no_trailer"
    VIMEO = "vimeo"  # the only trailer is on Vimeo
    TEASER = "teaser"  # a teaser, no trailer
    BARE = "bare"  # neither picture nor video


@dataclass(frozen=True, slots=True)
class Title:
    """One invented title. `name` is IMDb's primaryTitle, `own_name` its originalTitle."""

    index: int
    tconst: str
    imdb_type: str
    known: Known
    media: Media
    name: str
    own_name: str
    language: str
    country: str
    year: int | None
    end_year: int | None
    runtime: int | None
    genres: tuple[tuple[int, str], ...]

    @property
    def is_series(self) -> bool:
        return self.imdb_type in ("tvSeries", "tvMiniSeries")

    @property
    def tmdb_id(self) -> int:
        """TMDB numbers films and series apart: a series bears the number of the next film."""
        return FIRST_TMDB_ID + self.index + self.is_series

    @property
    def rival_id(self) -> int:
        return FIRST_RIVAL_ID + self.index

    @property
    def rivals_are_twins(self) -> bool:
        """Of an ambiguous title: both candidates agree with it (else neither does)."""
        return self.index // _BLOCK % 2 == 0


class Catalogue:
    """`count` titles (1 to MOST_TITLES) drawn by `seed`.

    With `no_direct` TMDB knows no movie by its tconst: each has to be found by /find.
    """

    def __init__(self, count: int, seed: int, *, no_direct: bool = False) -> None:
        self.count = count
        self.seed = seed
        self.no_direct = no_direct

    def __iter__(self) -> Iterator[Title]:
        return (self.title(index) for index in range(self.count))

    def title(self, index: int) -> Title:
        block, slot = divmod(index, _BLOCK)
        known, media = _block(self.seed, block)[slot]
        if self.no_direct and known is Known.DIRECT:
            known = Known.FIND
        return _draw(index, known, media, Random(self.seed * 1_000_003 + index))

    def by_tconst(self, tconst: str) -> Title | None:
        match = re.fullmatch(r"tt99(\d{6})", tconst)
        return self._at(int(match[1]) - 1) if match else None

    def by_movie_id(self, number: int) -> Title | None:
        """The title of a movie id: its own, or that of a candidate for it."""
        for first in (FIRST_RIVAL_ID, FIRST_TMDB_ID):
            title = self._at(number - first)
            if title is None or title.known is Known.UNKNOWN or title.is_series:
                continue
            if first == FIRST_TMDB_ID or _has_movie_rival(title):
                return title
        return None

    def by_tv_id(self, number: int) -> Title | None:
        rival = self._at(number - FIRST_RIVAL_ID)
        if rival is not None and rival.known is Known.AMBIGUOUS and not rival.rivals_are_twins:
            return rival
        title = self._at(number - FIRST_TMDB_ID - 1)
        return title if title is not None and title.known is Known.SERIES else None

    def _at(self, index: int) -> Title | None:
        return self.title(index) if 0 <= index < self.count else None


def _has_movie_rival(title: Title) -> bool:
    return title.known is Known.AMBIGUOUS and title.rivals_are_twins


@lru_cache(maxsize=64)
def _block(seed: int, block: int) -> tuple[tuple[Known, Media], ...]:
    """The mix, exact in every fifty titles, so that small catalogues hold each kind as well."""
    odd = block % 2
    kinds = [Known.AMBIGUOUS] + [Known.UNKNOWN] * (1 + odd) + [Known.SERIES] * 5 + [Known.FIND] * 3
    kinds += [Known.DIRECT] * (_BLOCK - len(kinds))
    media = [Media.MANY] * 10 + [Media.NO_POSTER] * 3 + [Media.NO_TRAILER] * 5
    media += [Media.VIMEO] * 3 + [Media.TEASER] * 3 + [Media.BARE]
    media += [Media.PLAIN] * (_BLOCK - len(media))
    random = Random(f"{seed} {block}")
    random.shuffle(kinds)
    random.shuffle(media)
    return tuple(zip(kinds, media, strict=True))


def _draw(index: int, known: Known, media: Media, random: Random) -> Title:
    series = known is Known.SERIES
    kinds, weights = (
        (("tvSeries", "tvMiniSeries"), (4, 1)) if series else (("movie", "tvMovie"), (9, 1))
    )
    imdb_type = random.choices(kinds, weights)[0]
    # what is recognised by its name and year needs both
    plain = known in (Known.FIND, Known.AMBIGUOUS, Known.SERIES)
    name, own_name, language, country = _name(random, plain=plain)
    year = None if not plain and random.random() < 0.06 else random.randint(1931, 2026)
    drawn = sorted(random.sample(TV_GENRES if series else MOVIE_GENRES, random.randint(0, 3)))
    return Title(
        index=index,
        tconst=f"tt99{index + 1:06d}",
        imdb_type=imdb_type,
        known=known,
        media=media,
        name=name,
        own_name=own_name,
        language=language,
        country=country,
        year=year,
        end_year=year + random.randint(0, 9)
        if year and series and random.random() < 0.5
        else None,
        runtime=None if random.random() < 0.15 else random.randint(61, 188),
        genres=tuple(drawn),
    )


def _name(random: Random, *, plain: bool) -> tuple[str, str, str, str]:
    if random.random() < 0.15:
        language, country, own_name, english = random.choice(FOREIGN)
        # IMDb's primaryTitle is often the original one
        name = own_name if plain or random.random() < 0.5 else english
        return name, own_name, language, country
    weights, patterns = zip(*PATTERNS, strict=True)
    name = random.choices(patterns, weights)[0].format(
        adjective=random.choice(ADJECTIVES), noun=random.choice(NOUNS), place=random.choice(PLACES)
    )
    return name, name, "en", "US"
