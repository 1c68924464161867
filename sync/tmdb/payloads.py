"""TMDB's wire format: the only module that knows its keys.

Structs hold what popflix uses; unknown keys are ignored, so that TMDB may add some. UNSET means
that a key was absent, None that TMDB said null: only then is "has none" a fact.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Annotated, Generic, Protocol, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.json import Decoder

from popflix.lib.http.decode import decode_json

UPSTREAM = "TMDB"
_describing = Lock()
Entry = TypeVar("Entry")
Payload = TypeVar("Payload", bound=Struct)
# The columns that keep the number are the seed's INT.
TmdbId = Annotated[int, Meta(ge=1, le=2_147_483_647)]


class Video(Struct, frozen=True, gc=False):
    site: str | None = None
    key: str | None = None
    type: str | None = None
    name: str | None = None
    official: bool | None = None  # absent in recordings before 2021
    size: int | None = None
    published_at: str | None = None
    language: str | None = field(default=None, name="iso_639_1")


class Videos(Struct, frozen=True):
    results: list[Video]


class Poster(Struct, frozen=True, gc=False):
    file_path: str | None = None
    language: str | None = field(default=None, name="iso_639_1")
    vote_average: float | None = None
    width: int | None = None


class Images(Struct, frozen=True):
    posters: list[Poster] = []


class ExternalIds(Struct, frozen=True, gc=False):
    imdb_id: str | None = None


class Details(Struct, frozen=True):
    """What a film's and a series' record share."""

    id: TmdbId
    poster_path: str | UnsetType | None = UNSET
    videos: Videos | UnsetType = UNSET  # only where appended; a mistyped append is left out
    images: Images | UnsetType = UNSET
    external_ids: ExternalIds | UnsetType = UNSET
    imdb_id: str | None = None  # of films only

    @property
    def claimed_imdb_id(self) -> str:
        """The IMDb id that TMDB names, "" where it names none."""
        appended = None if self.external_ids is UNSET else self.external_ids.imdb_id
        return self.imdb_id or appended or ""


class Movie(Details, frozen=True):
    """`GET /movie/{id}`. `release_date` is "" where TMDB does not know it."""

    title: str | None = None
    original_title: str | None = None
    date: str | None = field(default=None, name="release_date")


class Tv(Details, frozen=True):
    """`GET /tv/{id}`; its IMDb id stands in the appended external_ids only."""

    title: str | None = field(default=None, name="name")
    original_title: str | None = field(default=None, name="original_name")
    date: str | None = field(default=None, name="first_air_date")


class FoundMovie(Struct, frozen=True, gc=False):
    id: TmdbId
    title: str | None = None
    original_title: str | None = None
    date: str | None = field(default=None, name="release_date")


class FoundTv(Struct, frozen=True, gc=False):
    id: TmdbId
    title: str | None = field(default=None, name="name")
    original_title: str | None = field(default=None, name="original_name")
    date: str | None = field(default=None, name="first_air_date")


class FoundEpisode(Struct, frozen=True, gc=False):
    id: TmdbId
    show_id: int | None = None


class FindResults(Struct, frozen=True):
    """`GET /find/{tconst}`. Both lists are required: an absent one is not an empty one."""

    movies: list[FoundMovie] = field(name="movie_results")
    series: list[FoundTv] = field(name="tv_results")
    episodes: list[FoundEpisode] = field(default_factory=list, name="tv_episode_results")


class ListedMovie(Struct, frozen=True, gc=False):
    """One film of /discover or /trending."""

    id: TmdbId
    title: str | None = None
    date: str | None = field(default=None, name="release_date")
    poster_path: str | None = None


class Changed(Struct, frozen=True, gc=False):
    """One id of /movie/changes."""

    id: TmdbId
    adult: bool | None = None


class Page(Struct, Generic[Entry], frozen=True):
    """One page of any list; TMDB serves at most 500 whatever `total_pages` says."""

    page: int
    total_pages: int
    total_results: int
    results: list[Entry]


class Genre(Struct, frozen=True, gc=False):
    id: int
    name: str


class Genres(Struct, frozen=True):
    genres: list[Genre]


class ImageHost(Struct, frozen=True):
    secure_base_url: str
    poster_sizes: list[str]
    backdrop_sizes: list[str]


class Configuration(Struct, frozen=True):
    images: ImageHost


class Offer(Struct, frozen=True, gc=False):
    provider_id: int
    provider_name: str


class Region(Struct, frozen=True):
    """Where a film can be seen in one country; `link` leads to TMDB, never to the provider."""

    link: str | None = None
    flatrate: list[Offer] = []
    rent: list[Offer] = []
    buy: list[Offer] = []
    ads: list[Offer] = []
    free: list[Offer] = []


class WatchProviders(Struct, frozen=True):
    results: dict[str, Region]


class ErrorBody(Struct, frozen=True, gc=False):
    """Any error answer; `success` is absent in old ones."""

    status_code: int
    status_message: str
    success: bool | None = None


class Dated(Protocol):
    @property
    def date(self) -> str | None: ...


def parse(form: type[Payload], body: bytes) -> Payload:
    """Decode `body` as `form`.

    Raises BadPayload naming the field where the JSON is of another form, Unavailable where it
    is no JSON at all, which a second try may mend.
    """
    decoder: Decoder[Payload] = _decoder(form)
    return decode_json(body, decoder, UPSTREAM)


def _decoder(form: type[Payload]) -> Decoder[Payload]:
    # msgspec describes a Struct on its first use, and does so unguarded: a second thread that
    # comes upon a half-made description crashes the process.
    with _describing:
        return _made(form)


@cache
def _made(form: type[Payload]) -> Decoder[Payload]:
    return Decoder(form)


def year_of(record: Dated) -> int | None:
    """The year of a record's date, None where TMDB knows none ("", null, absent)."""
    digits = (record.date or "")[:4]
    return int(digits) if len(digits) == 4 and digits.isascii() and digits.isdigit() else None
