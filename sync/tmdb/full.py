"""TMDB's wire format, continued: the whole record of a film or series with all that is appended.

Every field but the id may be absent (UNSET), null or empty; what each means is the reader's to
say. A value of another type is BadPayload, which names the field. Lists that TMDB sends are
bounded by nothing here: the client's `max_bytes` does that.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, DecodeError, Meta, Struct, UnsetType, field
from msgspec.json import Decoder

from sync.tmdb.payloads import Genre, Poster, TmdbId, Videos, WatchProviders

APPENDED = {
    "movie": "credits,external_ids,videos,images,release_dates,watch/providers",
    "tv": "credits,external_ids,videos,images,content_ratings,watch/providers",
}
Text = str | UnsetType | None
Language = Annotated[str, Meta(max_length=10)]
Status = Annotated[str, Meta(max_length=40)]
Path = Annotated[str, Meta(max_length=255)]
Count = Annotated[int, Meta(ge=0, le=2_147_483_647)]
Average = Annotated[float, Meta(ge=0, le=10)]


class Credit(Struct, frozen=True, gc=False):
    """One part or job; who has two is listed twice."""

    id: TmdbId


class Credits(Struct, frozen=True):
    cast: list[Credit] | UnsetType | None = UNSET
    crew: list[Credit] | UnsetType | None = UNSET


class Externals(Struct, frozen=True, gc=False):
    imdb_id: Text = UNSET


class Pictures(Struct, frozen=True):
    posters: list[Poster] = []
    backdrops: list[Poster] = []


class Release(Struct, frozen=True, gc=False):
    release_date: str | None = None
    certification: str | None = None
    type: int | None = None


class CountryReleases(Struct, frozen=True):
    country: str = field(name="iso_3166_1")
    releases: list[Release] = field(default_factory=list, name="release_dates")


class ReleaseDates(Struct, frozen=True):
    results: list[CountryReleases] = []


class ContentRating(Struct, frozen=True, gc=False):
    country: str = field(name="iso_3166_1")
    rating: str | None = None


class ContentRatings(Struct, frozen=True):
    results: list[ContentRating] = []


class FullRecord(Struct, frozen=True):
    """What a film's and a series' record share."""

    id: TmdbId
    adult: bool | UnsetType | None = UNSET
    poster_path: Path | UnsetType | None = UNSET
    backdrop_path: Path | UnsetType | None = UNSET
    genres: list[Genre] | UnsetType | None = UNSET
    popularity: float | UnsetType | None = UNSET
    original_language: Language | UnsetType | None = UNSET
    status: Status | UnsetType | None = UNSET
    vote_average: Average | UnsetType | None = UNSET
    vote_count: Count | UnsetType | None = UNSET
    credits: Credits | UnsetType | None = UNSET
    external_ids: Externals | UnsetType | None = UNSET
    videos: Videos | UnsetType | None = UNSET
    images: Pictures | UnsetType | None = UNSET
    providers: WatchProviders | UnsetType | None = field(default=UNSET, name="watch/providers")


class FullMovie(FullRecord, frozen=True):
    """`GET /movie/{id}` with `APPENDED["movie"]`. `date` is "" where TMDB does not know it."""

    title: Text = UNSET
    original_title: Text = UNSET
    date: Text = field(default=UNSET, name="release_date")
    runtime: Count | UnsetType | None = UNSET
    imdb_id: Text = UNSET
    release_dates: ReleaseDates | UnsetType | None = UNSET


class FullTv(FullRecord, frozen=True):
    """`GET /tv/{id}` with `APPENDED["tv"]`; its IMDb id stands in external_ids only."""

    title: Text = field(default=UNSET, name="name")
    original_title: Text = field(default=UNSET, name="original_name")
    date: Text = field(default=UNSET, name="first_air_date")
    runtimes: list[Count] | UnsetType | None = field(default=UNSET, name="episode_run_time")
    content_ratings: ContentRatings | UnsetType | None = UNSET


class _Names(Struct, frozen=True):
    title: object = UNSET
    name: object = UNSET


_NAMES = Decoder(_Names)


def kind_of(body: bytes) -> str:
    """Whether a record is a film's or a series', which nobody says of it; "" for neither."""
    try:
        names = _NAMES.decode(body)
    except (DecodeError, UnicodeDecodeError):
        return ""
    if names.title is not UNSET:
        return "movie"
    return "tv" if names.name is not UNSET else ""
