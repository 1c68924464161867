"""The values that pass between asking a provider, judging its answers and storing them. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

UNIT_PREFIX = "check-availability-"  # of the unit that checks a provider; its name follows
ANYWHERE = ""  # the region of an answer that holds for no region in particular


def unit_name(provider: str) -> str:
    """The name of the unit that checks the provider of this name."""
    return f"{UNIT_PREFIX}{provider}"


class Found(StrEnum):
    """What one check found out. Nothing but these is ever written of a check."""

    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"  # and the last known answer stays


class Kind(StrEnum):
    TMDB = "tmdb"
    URL = "url"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Controls:
    """TMDB's ids of which an operator knows the answer."""

    available: tuple[int, ...] = ()
    unavailable: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.available and self.unavailable)


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One entry of POPFLIX_PROVIDERS, validated; `sync.availability.config` reads it.

    `template` is an address with `{tmdb_id} {imdb_id} {season} {episode}` (kind url), or a file or
    address with an optional `{page}` (kind list). `mirrors` are base addresses that take the
    place of the template's own (scheme, host and the path before the template's). `hosts` are the
    hosts an answer may come from after redirects; `statuses` those that say available where the
    rules hold too. `regions` are upper-case ISO 3166-1 codes.
    """

    name: str
    kind: Kind
    template: str = field(default="", repr=False)  # its query may hold a key
    body_contains: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)
    method: str = "HEAD"
    mirrors: tuple[str, ...] = ()
    controls: Controls = Controls()
    confirm_hours: float = 6.0
    rate_per_second: float = 2.0
    concurrency: int = 4
    regions: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ("movie",)

    @property
    def unit(self) -> str:
        return unit_name(self.name)

    @property
    def bucket(self) -> str:
        """Of the limiter; TMDB has one bucket, whoever asks."""
        return "tmdb" if self.kind is Kind.TMDB else f"provider:{self.name}"


@dataclass(frozen=True, slots=True)
class Target:
    """What a provider is asked about. `season` and `episode` 0: the film, the whole series."""

    media_type: str
    tmdb_id: int
    imdb_id: str = ""
    season: int = 0
    episode: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer, and what it rests on.

    `rule` names what decided in one word or two ("404", "body_contains", "not in the list",
    "429", "foreign redirect"), `words` tell it to an operator. `offers` are a region's, as
    stored: {"link": …, "flatrate": [{"id": 8, "name": …}, …], "rent": …, "buy": …, "ads": …,
    "free": …}.
    """

    found: Found
    rule: str
    words: str
    code: int | None = None
    final_host: str = ""
    excerpt_sha256: str = ""
    offers: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check of one target brought.

    `overall` is the answer for `ANYWHERE`; `regions` those for the provider's configured
    regions, empty where it knows none. `document` is the whole answer where it says more than
    that. `was_sent` False: it was answered from what was held already, at `at`. `is_gone`: TMDB
    does not know the id any more.
    """

    target: Target
    overall: Judged
    at: dt.datetime
    regions: Mapping[str, Judged] = field(default_factory=dict)
    mirror: str = ""
    seconds: float = 0.0
    was_sent: bool = True
    document: bytes | None = None
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A body of TMDB that is held, with the instant it was fetched."""

    body: bytes
    fetched_at: dt.datetime


class Checker(Protocol):
    """One provider, asked from pool threads: thread-safe, no ORM in `check`."""

    def begin(self, between: Callable[[], object] = lambda: None) -> None:
        """Called once per run before any check, in the writer's thread; a list is read here.

        `between` is called before each request of a long list, where the writer may show signs
        of life. Once it says True (a stop) the reading ends, and nothing may be checked.
        """

    def check(
        self, target: Target, lane: int, *, stored: Stored | None = None, mirror: str = ""
    ) -> Checked:
        """Ask once. `mirror` demands that one; `stored` may spare the request (kind tmdb).

        What would be an unknown that another try may mend (429, 5xx, network) is raised as
        UpstreamError or Parked instead; every other answer, also an unknown, is returned.
        """

    @property
    def request_count(self) -> int: ...

    def close(self) -> None: ...
