"""OMDb as popflix uses it: one question, three sources' ratings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from django.conf import settings

from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import ConfigurationError
from popflix.lib.http import HttpClient, Refused, Response, UpstreamError
from popflix.lib.limiter import Limiter, build_limiter
from sync.movies.ratings import RatingSource, RatingValue
from sync.omdb.payloads import UPSTREAM, read_ratings

BUCKET = "omdb"  # of the limiter
WHERE_TO_GET_A_KEY = "https://www.omdbapi.com/apikey.aspx"
_QUOTA = re.compile(r"limit reached", re.IGNORECASE)
_CONNECT_SECONDS, _READ_SECONDS, _DEADLINE_SECONDS = 5.0, 15.0, 30.0
_MOST_BYTES = 1_000_000  # an answer has 2 kB


class QuotaReached(UpstreamError):  # noqa: N818 - named for what happened
    """The key's requests of this day are used up, which OMDb says with a 401, not a 429.

    Asking again is in vain until the next day; the key itself is good.
    """


class Http(Protocol):
    """The part of `popflix.lib.http.HttpClient` that is used here."""

    @property
    def sent(self) -> int: ...

    def get(self, path: str, params: Mapping[str, str], *, lane: int) -> Response: ...

    def close(self) -> None: ...


class OmdbClient:
    """Thread-safe."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def ratings(self, tconst: str, lane: int) -> dict[RatingSource, RatingValue]:
        """Of one title, by source; a source that has none is not in it. One request.

        Raises QuotaReached, Refused for a key that OMDb does not take, NotFound, and the other
        kinds of UpstreamError; Parked where the limiter's next slot is too far away.
        """
        return read_ratings(self._get(tconst, lane), tconst)

    def _get(self, tconst: str, lane: int) -> bytes:
        error: UpstreamError
        try:
            return self._http.get("/", {"i": tconst}, lane=lane).body
        except Refused as refused:
            error = _told(refused)
        raise error

    @property
    def request_count(self) -> int:
        """Requests sent so far, whatever came back."""
        return self._http.sent

    def close(self) -> None:
        self._http.close()


def _told(refused: Refused) -> UpstreamError:
    if _QUOTA.search(refused.message):
        what = "answers no more today: the key's daily quota is used up (Request limit reached)"
        return QuotaReached(UPSTREAM, what, status=refused.status)
    return refused


def build_client(limiter: Limiter | None = None, clock: Clock = SYSTEM_CLOCK) -> OmdbClient:
    """The client of the settings. Raises ConfigurationError where no key is set."""
    if not settings.OMDB_API_KEY:
        raise ConfigurationError(
            "OMDB_API_KEY is not set, so OMDb cannot be asked.",
            f"Get a free key at {WHERE_TO_GET_A_KEY} and write it into .env.",
        )
    http = HttpClient(
        upstream=UPSTREAM,
        base_url=settings.OMDB_BASE_URL,
        headers={"Accept": "application/json"},
        params={"apikey": settings.OMDB_API_KEY},
        connect_seconds=_CONNECT_SECONDS,
        read_seconds=_READ_SECONDS,
        deadline_seconds=_DEADLINE_SECONDS,
        max_bytes=_MOST_BYTES,
        limiter=limiter or omdb_limiter(clock),
        clock=clock,
    )
    return OmdbClient(http)


def omdb_limiter(clock: Clock = SYSTEM_CLOCK) -> Limiter:
    """The one bucket of OMDb, shared by every thread, process and host."""
    return build_limiter(BUCKET, settings.OMDB_RATE_PER_SECOND, clock=clock)
