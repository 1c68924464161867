"""The checker of a provider, by its kind."""

from __future__ import annotations

from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.http.probe import Prober
from popflix.lib.limiter import Limiter, build_limiter
from sync.availability.list_checker import ListChecker
from sync.availability.mirrors import Mirrors
from sync.availability.tmdb_checker import TmdbChecker
from sync.availability.types import Checker, Kind, ProviderConfig
from sync.availability.url_checker import UrlChecker
from sync.tmdb.catalogue import build_catalogue
from sync.tmdb.client import tmdb_limiter

_CONNECT_SECONDS, _READ_SECONDS, _DEADLINE_SECONDS = 5.0, 10.0, 20.0


def build_checker(
    config: ProviderConfig, clock: Clock = SYSTEM_CLOCK, *, limiter: Limiter | None = None
) -> Checker:
    """Raises ConfigurationError where TMDB is meant and no usable key is set.

    `limiter` is the provider's own where the caller wants to see what it does.
    """
    limiter = limiter or build_provider_limiter(config, clock)
    if config.kind is Kind.TMDB:
        return TmdbChecker(config, build_catalogue(limiter, clock), clock)
    if config.kind is Kind.LIST:
        return ListChecker(config, limiter, clock)
    prober = Prober(
        connect_seconds=_CONNECT_SECONDS,
        read_seconds=_READ_SECONDS,
        deadline_seconds=_DEADLINE_SECONDS,
        limiter=limiter,
        clock=clock,
    )
    return UrlChecker(config, prober, Mirrors(config, clock), clock)


def build_provider_limiter(config: ProviderConfig, clock: Clock = SYSTEM_CLOCK) -> Limiter:
    """TMDB has one bucket with one rate, whoever asks."""
    if config.kind is Kind.TMDB:
        return tmdb_limiter(clock)
    return build_limiter(config.bucket, config.rate_per_second, clock=clock)
