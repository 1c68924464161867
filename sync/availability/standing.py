"""How far each provider is, for `sync_status`: counts that an index answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

from popflix.console.status.areas import Area, Standing
from popflix.console.status.counting import due, ends, failures
from popflix.lib.errors import OperatorError
from popflix.lib.tally import tally
from sync.availability import providers, rows
from sync.availability.models import Answer, Availability, Outcome, Provider
from sync.availability.types import Kind, ProviderConfig
from sync.movies.models import Movie


def areas() -> Iterator[Area]:
    """One for each provider; where the setting cannot be read, one that says so."""
    try:
        configured = providers.configured()
    except OperatorError as error:
        yield Area("availability", "Availability", partial(_unreadable, error))
        return
    for config in configured:
        name, title = f"availability-{config.name}", f"Availability at {config.name}"
        yield Area(name, title, partial(standing, config), units=(config.unit,))


def _unreadable(error: OperatorError, now: dt.datetime) -> Standing:
    raise error


def standing(config: ProviderConfig, now: dt.datetime) -> Standing:
    """`never answered`: checked, and nothing is known yet. `no row`: movies of its kinds that no
    run has taken up, those that are gone or excluded among them."""
    movies = Movie.objects.filter(media_type__in=config.media_types).count()
    provider_id = Provider.objects.filter(name=config.name).values_list("pk", flat=True).first()
    if provider_id is None:
        return Standing({"no row": movies}, rate_per_second=_rate(config))
    held = tally(rows.checked_rows(provider_id).order_by(), "status")
    everything = Availability.objects.filter(provider_id=provider_id)
    fresh = everything.filter(last_outcome="").count()
    oldest_at, newest_at = _checks(provider_id)
    return Standing(
        {
            **{str(name): held[(str(name),)] for name in Answer},
            "never answered": max(0, held[("",)] - fresh),
            "not checked": fresh,
            "no row": max(0, movies - held.total()),
        },
        **due(rows.due_rows(provider_id, now)),
        oldest_at=oldest_at,
        newest_at=newest_at,
        failures=failures(rows.of_provider(Availability.objects.all(), provider_id)),
        rate_per_second=_rate(config),
    )


def _rate(config: ProviderConfig) -> float | None:
    """Of requests; a list is read as a whole, and its ids are looked up."""
    return None if config.kind is Kind.LIST else providers.allowed_rate(config)


def _checks(provider_id: int) -> tuple[dt.datetime | None, dt.datetime | None]:
    """The oldest and the newest: outcome by outcome, as the index has them."""
    everything = Availability.objects.filter(provider_id=provider_id)
    found = [ends(everything.filter(last_outcome=each), "last_checked") for each in Outcome]
    oldest = min((first for first, _ in found if first), default=None)
    return oldest, max((last for _, last in found if last), default=None)
