"""The units of availability: one for each provider, and one for what an operator has checked."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, Subquery

from popflix.engine import deadletters
from popflix.engine.deadletters.of_rows import WorkRowSource
from popflix.engine.models import Run
from popflix.engine.registry import Registry, Timetable, Unit
from popflix.engine.registry import registry as all_units
from popflix.engine.retry import RetryPolicy
from popflix.engine.work import release_rows
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from sync.availability import providers, rows, wish
from sync.availability.fetching import check_availability, why_not_ready
from sync.availability.models import Availability, Provider
from sync.availability.types import UNIT_PREFIX, ProviderConfig

EVERY_SECONDS = 1800
GIVEN_UP_KINDS = ("limited", "fault", "refused", "rule", "redirect", "gone", "controls")
_RETRY = RetryPolicy(attempts=3, base_seconds=20, cap_seconds=300, deadline_seconds=900)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProviderLetters(WorkRowSource):
    """Rows of one provider that were given up."""

    provider: str = ""

    def _rows(self) -> QuerySet[Any]:
        owner = Provider.objects.filter(name=self.provider).values("pk")[:1]
        return rows.of_provider(super()._rows(), Subquery(owner))


def register_provider_units(registry: Registry = all_units) -> list[str]:
    """A unit and a source of dead letters for each configured provider; returns the units' names.

    Called again it adds what is new. A setting that cannot be read registers nothing: the system
    check tells what is wrong with it.
    """
    try:
        configs = providers.configured()
    except OperatorError as error:
        log.error("no provider can be checked: %s", error)
        return []
    for config in configs:
        if registry.find(config.unit) is None:
            registry.register(unit_of(config))
            deadletters.register(letters_of(config))
    return [config.unit for config in configs]


def unit_of(config: ProviderConfig) -> Unit:
    return Unit(
        config.unit,
        check_availability,
        1,  # so that its concurrency is one run's; a click is next in the run that is at work
        f"Availability at {config.name}",
        partial(wish.clean_params, config.name),
        retry=_RETRY,
        timetable=Timetable(every_seconds=EVERY_SECONDS),
        ready=partial(why_not_ready, config.name),
        bucket=config.bucket,
    )


def letters_of(config: ProviderConfig) -> ProviderLetters:
    return ProviderLetters(
        f"availability-{config.name}",
        f"Availability at {config.name} without an answer",
        Availability,
        unit=config.unit,
        url_of=deadletters.page_of("admin:sync_availability_change"),
        kinds=GIVEN_UP_KINDS,
        provider=config.name,
    )


def return_checks(run: Run, token_prefix: str) -> None:
    """A run died: the rows of its provider that it had claimed are due at once."""
    if not run.unit.startswith(UNIT_PREFIX):
        return
    provider = Provider.objects.filter(name=run.unit.removeprefix(UNIT_PREFIX)).first()
    if provider is None:
        return
    release_rows(
        Availability,
        token_prefix=token_prefix,
        now=SYSTEM_CLOCK.now(),
        since=run.heartbeat_at,
        lease_seconds=settings.POPFLIX_LEASE_SECONDS,
        among={"provider_id": provider.pk},
    )
