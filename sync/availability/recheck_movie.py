"""Having one movie checked at every provider, also at those that never were asked about it."""

from __future__ import annotations

import datetime as dt
from functools import partial

from popflix.engine.changes import whole
from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import OperatorError
from sync.availability import providers
from sync.availability.recheck import ACTION, Actor, require_may, require_why, target_of, wake
from sync.availability.rows import provider_row
from sync.availability.types import ProviderConfig
from sync.availability.wanted import ask_now
from sync.movies.models import Movie, UpstreamState


def recheck_movie(user: Actor, movie: Movie, why: str, clock: Clock = SYSTEM_CLOCK) -> list[str]:
    """Make its row at each provider due before all others; tells in sentences who asks.

    Raises PermissionDenied, and OperatorError without a reason or where nobody may be asked.
    """
    require_may(user)
    why = require_why(why)
    configs = _asked_about(movie)
    by = user if isinstance(user, str) else user.get_username()
    asked = [whole(partial(_ask, each, user, movie, why, clock.now())) for each in configs]
    return wake({key: {movie.pk} for key in asked}, by=by, clock=clock)


def _asked_about(movie: Movie) -> list[ProviderConfig]:
    if movie.excluded_at or movie.upstream_state != UpstreamState.LIVE:
        raise OperatorError(
            "It is excluded, or gone from TMDB, and not checked.", "Restore or refresh it first."
        )
    found = [each for each in providers.configured() if movie.media_type in each.media_types]
    if not found:
        raise OperatorError(
            "No provider is asked about it.",
            f"Name one in POPFLIX_PROVIDERS whose media_types have {movie.media_type}.",
        )
    return found


def _ask(config: ProviderConfig, user: Actor, movie: Movie, why: str, now: dt.datetime) -> int:
    """In the caller's transaction; returns the provider's key."""
    provider = provider_row(config, now)
    ask_now(config, provider.pk, [movie.pk], now, lambda work: work())
    audit.record(user, ACTION, at=now, target=target_of(movie, config.name), count=1, why=why)
    return int(provider.pk)
