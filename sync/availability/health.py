"""How the providers do: their last 24 hours, controls, pauses, and what is left to check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import reduce
from typing import Any

from django.db.models import Max, Sum

from popflix.engine.models import Lane, Pause
from popflix.lib.errors import OperatorError
from popflix.lib.limiter.survey import survey
from popflix.lib.tally import counts
from sync.availability.models import Availability, Provider, ProviderHour
from sync.availability.providers import allowed_rate
from sync.availability.types import Kind, ProviderConfig, unit_name

HOURS = 24
MOST_DUE = 100_000  # that are counted
MANY_UNKNOWN = 25  # percent of the checks of 24 hours
FEW_CHECKS = 20  # of fewer a share says nothing
_HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Figures:
    """Sums over some hours; the names are those of ProviderHour."""

    available_count: int = 0
    unavailable_count: int = 0
    unknown_count: int = 0
    control_count: int = 0
    control_wrong_count: int = 0
    limited_count: int = 0
    refused_count: int = 0
    fault_count: int = 0
    answer_ms: int = 0
    slowest_ms: int = 0

    def __add__(self, other: Figures) -> Figures:
        added = {each: getattr(self, each) + getattr(other, each) for each in _COUNTED}
        return Figures(**{**added, "slowest_ms": max(self.slowest_ms, other.slowest_ms)})

    @property
    def check_count(self) -> int:
        return self.available_count + self.unavailable_count + self.unknown_count

    @property
    def known_count(self) -> int:
        return self.available_count + self.unavailable_count

    @property
    def unknown_percent(self) -> float | None:
        """None where nothing was checked; `99.9` is not rounded up to all."""
        if not self.check_count:
            return None
        return int(1000 * self.unknown_count / self.check_count) / 10

    @property
    def mean_ms(self) -> int | None:
        """Of an answer that said something; None where none took time (a list's look-ups)."""
        known = self.known_count
        return round(self.answer_ms / known) if known and self.answer_ms else None

    @property
    def has_many_unknown(self) -> bool:
        percent = self.unknown_percent
        return percent is not None and percent >= MANY_UNKNOWN and self.check_count >= FEW_CHECKS


_FIGURES = tuple(each.name for each in fields(Figures))
_COUNTED = tuple(name for name in _FIGURES if name != "slowest_ms")


@dataclass(frozen=True)
class Rate:
    """Requests a second: in force, and as allowed."""

    now: float
    allowed: float
    reason: str = ""


@dataclass(frozen=True)
class Health:
    """Of one provider. `config` None: POPFLIX_PROVIDERS does not name it (any more)."""

    provider: Provider
    config: ProviderConfig | None
    day: Figures
    by_hour: Sequence[tuple[dt.datetime, Figures]] = ()  # all 24, the oldest first
    by_mirror: Mapping[str, Figures] = field(default_factory=dict)
    pauses: Sequence[Pause] = ()
    due_count: int = 0  # counted up to MOST_DUE + 1
    rate: Rate | None = None

    @property
    def is_due_capped(self) -> bool:
        return self.due_count > MOST_DUE

    @property
    def eta_seconds(self) -> float | None:
        """Until what is due now is checked, at the rate in force; None where nobody can say."""
        if self.rate is None or self.rate.now <= 0 or self.pauses:
            return None
        return min(self.due_count, MOST_DUE) / self.rate.now

    @property
    def unit(self) -> str:
        return unit_name(self.provider.name)


def read_health(provider: Provider, now: dt.datetime) -> Health:
    """All of one provider, in a fixed number of queries."""
    [found] = read_all([provider], now)
    hours = ProviderHour.objects.filter(provider=provider, hour__gte=_since(now))
    rows = list(hours.values("mirror", "hour", *_FIGURES))
    sums: dict[dt.datetime, Figures] = {}
    by_mirror: dict[str, Figures] = {}
    for row in rows:
        figures, hour, mirror = _figures(row), row["hour"].replace(minute=0), row["mirror"]
        sums[hour] = sums.get(hour, Figures()) + figures
        by_mirror[mirror] = by_mirror.get(mirror, Figures()) + figures
    every = [_since(now) + number * _HOUR for number in range(HOURS)]
    return replace(
        found,
        by_hour=[(hour, sums.get(hour, Figures())) for hour in every],
        by_mirror=dict(sorted(by_mirror.items())),
    )


def read_all(providers: Sequence[Provider], now: dt.datetime) -> list[Health]:
    """Of each provider all but its hours and mirrors, in as many queries as of one."""
    configs, day, rates = configured(), days(now), _rates()
    names = [unit_name(each.name) for each in providers]
    paused = list(Pause.objects.filter(unit__in=names).order_by("at"))
    due = counts([_due(each, now) for each in providers])
    return [
        Health(
            provider, configs.get(provider.name), day.get(provider.pk, Figures()),
            pauses=[each for each in paused if each.unit == name], due_count=due[place],
            rate=_rate(configs.get(provider.name), rates),
        )
        for place, (provider, name) in enumerate(zip(providers, names, strict=True))
    ]  # fmt: skip


def day_of_all(now: dt.datetime) -> list[tuple[dt.datetime, Figures]]:
    """The last 24 hours of all providers together, the oldest first; one query."""
    hours = ProviderHour.objects.filter(hour__gte=_since(now)).order_by()
    rows = hours.values("hour").annotate(**_sums())
    sums: dict[dt.datetime, Figures] = {}
    for row in rows:
        hour = row["hour"].replace(minute=0)
        sums[hour] = sums.get(hour, Figures()) + _figures(row, "sum_")
    every = [_since(now) + number * _HOUR for number in range(HOURS)]
    return [(hour, sums.get(hour, Figures())) for hour in every]


def total(figures: Iterable[Figures]) -> Figures:
    return reduce(Figures.__add__, figures, Figures())


def configured() -> dict[str, ProviderConfig]:
    """By name; empty where POPFLIX_PROVIDERS cannot be read, which `check` tells."""
    from sync.availability import providers

    try:
        return {each.name: each for each in providers.configured()}
    except OperatorError:
        return {}


def _since(now: dt.datetime) -> dt.datetime:
    """The first of 24 hours, of which the present one is the last."""
    return now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * _HOUR


def days(now: dt.datetime) -> dict[int, Figures]:
    """The last 24 hours by the provider's key; one query."""
    hours = ProviderHour.objects.filter(hour__gte=_since(now)).order_by()
    rows = hours.values("provider_id").annotate(**_sums())
    return {row["provider_id"]: _figures(row, "sum_") for row in rows}


def _sums() -> dict[str, Any]:
    return {f"sum_{name}": Max(name) if name == "slowest_ms" else Sum(name) for name in _FIGURES}


def _figures(row: Mapping[str, Any], prefix: str = "") -> Figures:
    return Figures(**{name: int(row[f"{prefix}{name}"] or 0) for name in _FIGURES})


def _due(provider: Provider, now: dt.datetime) -> Any:
    rows = Availability.objects.filter(provider=provider, lane__in=Lane.values, due_at__lte=now)
    return rows.order_by().values("due_at")[: MOST_DUE + 1]


def _rates() -> dict[str, Rate]:
    """Where the limiter cannot be asked, nobody can say."""
    try:
        return {each.name: Rate(each.rate, each.allowed_rate, each.reason) for each in survey()}
    except OperatorError:
        return {}


def _rate(config: ProviderConfig | None, rates: Mapping[str, Rate]) -> Rate | None:
    """Before it was asked at all: as it is configured. A list is read as a whole and looked up."""
    if config is None or config.kind is Kind.LIST:
        return None
    allowed = allowed_rate(config)
    return rates.get(config.bucket) or Rate(allowed, allowed)
