"""TMDB's API as popflix uses it: three questions with typed answers, and one about the key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import quote

from django.conf import settings

from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import ConfigurationError
from popflix.lib.http import HttpClient, Response
from popflix.lib.limiter import Limiter, build_limiter
from sync.tmdb.payloads import UPSTREAM, FindResults, Movie, Tv, parse

BUCKET = "tmdb"  # of the limiter, under this name everywhere
WHERE_TO_GET_A_KEY = "https://www.themoviedb.org/settings/api"
_MOST_BYTES = 8_000_000  # the largest record seen, all lists appended, has 130 kB
_DEADLINE_SECONDS = 30.0
_V3_KEY = re.compile(r"[0-9a-fA-F]{32}")


class Http(Protocol):
    """The part of `popflix.lib.http.HttpClient` that is used here."""

    @property
    def sent(self) -> int: ...

    def get(self, path: str, params: Mapping[str, str], *, lane: int) -> Response: ...

    def close(self) -> None: ...


class TmdbClient:
    """Thread-safe. `languages` is the operator's chain, best first.

    Each method sends one request and raises `popflix.lib.http`'s UpstreamError kinds, or Parked
    where the limiter's next slot is too far away.
    """

    def __init__(self, http: Http, languages: Sequence[str]) -> None:
        self._http = http
        self._find = {"external_source": "imdb_id", "language": languages[0]}
        self._movie = {"append_to_response": "videos", "language": languages[0]}
        if len(languages) > 1:
            # TMDB falls back to the film's own language, never to the second of a chain.
            chain = ",".join([*(tag.partition("-")[0] for tag in languages), "null"])
            self._movie["append_to_response"] = "videos,images"
            self._movie |= {"include_video_language": chain, "include_image_language": chain}
        appended = self._movie["append_to_response"]
        self._tv = self._movie | {"append_to_response": f"{appended},external_ids"}

    def movie(self, id_or_tconst: int | str, lane: int) -> Movie:
        """`GET /movie/{id}` with videos; TMDB takes the IMDb id there as well."""
        return parse(Movie, self._get(f"/movie/{_path(id_or_tconst)}", self._movie, lane))

    def tv(self, tmdb_id: int, lane: int) -> Tv:
        return parse(Tv, self._get(f"/tv/{tmdb_id}", self._tv, lane))

    def find(self, tconst: str, lane: int) -> FindResults:
        """What TMDB files under an IMDb id; nothing found is five empty lists, not a 404."""
        return parse(FindResults, self._get(f"/find/{_path(tconst)}", self._find, lane))

    def check_key(self, lane: int) -> None:
        """`GET /authentication`: raises Refused where TMDB does not take the key."""
        self._get("/authentication", {}, lane)

    @property
    def request_count(self) -> int:
        """Requests sent so far, whatever came back."""
        return self._http.sent

    def close(self) -> None:
        self._http.close()

    def _get(self, path: str, params: Mapping[str, str], lane: int) -> bytes:
        return self._http.get(path, params, lane=lane).body


def _path(part: int | str) -> str:
    """One part of a path: an adopted table may hold ids of any form."""
    text = str(part)
    return text if text.isalnum() else quote(text, safe="")


def tmdb_limiter(clock: Clock = SYSTEM_CLOCK) -> Limiter:
    """The one bucket of TMDB, shared by every thread, process and host."""
    return build_limiter(BUCKET, settings.TMDB_RATE_PER_SECOND, clock=clock)


def build_client(
    limiter: Limiter, clock: Clock = SYSTEM_CLOCK, *, deadline_seconds: float = _DEADLINE_SECONDS
) -> TmdbClient:
    """The client of the settings. Raises ConfigurationError where no usable key is set."""
    http = build_http(limiter, clock, deadline_seconds=deadline_seconds)
    return TmdbClient(http, settings.POPFLIX_LANGUAGES)


def build_http(
    limiter: Limiter, clock: Clock = SYSTEM_CLOCK, *, deadline_seconds: float = _DEADLINE_SECONDS
) -> HttpClient:
    """The same, without a word of what is asked."""
    headers, params = credentials()
    return HttpClient(
        upstream=UPSTREAM,
        base_url=settings.TMDB_BASE_URL,
        headers=headers,
        params=params,
        connect_seconds=settings.TMDB_CONNECT_SECONDS,
        read_seconds=settings.TMDB_READ_SECONDS,
        deadline_seconds=deadline_seconds,
        max_bytes=_MOST_BYTES,
        limiter=limiter,
        clock=clock,
    )


def key_variable() -> str:
    """The variable whose key is sent."""
    return "TMDB_READ_TOKEN" if settings.TMDB_READ_TOKEN else "TMDB_API_KEY"


def credentials() -> tuple[dict[str, str], dict[str, str]]:
    """Headers and query: a v4 token goes as bearer, a v3 key must go in the query."""
    token, key = settings.TMDB_READ_TOKEN, settings.TMDB_API_KEY
    if _V3_KEY.fullmatch(token):
        raise ConfigurationError(
            "TMDB_READ_TOKEN holds a v3 key, which TMDB refuses as a token.",
            "Put it into TMDB_API_KEY and leave TMDB_READ_TOKEN empty.",
        )
    if token:
        return {"Authorization": f"Bearer {token}", "Accept": "application/json"}, {}
    if key:
        return {"Accept": "application/json"}, {"api_key": key}
    raise ConfigurationError(
        "Neither TMDB_READ_TOKEN nor TMDB_API_KEY is set.",
        f"Get a free key at {WHERE_TO_GET_A_KEY} and write one of the two into .env.",
    )
