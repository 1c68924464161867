"""What a provider's mirrors answered, added up by the hour."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest

from popflix.lib.upserts import insert_missing
from sync.availability.controls import Agreement, Round
from sync.availability.models import HOST_LENGTH, ProviderHour
from sync.availability.types import Checked, Found

KEPT_DAYS = 60
_KEY = ("provider_id", "mirror", "hour")
_LIMITED, _REFUSED, _FAULT = ("limited",), ("refused", "redirect"), ("fault",)


@dataclass
class Tally:
    """The columns of ProviderHour, of one batch."""

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

    def found(self, found: Found) -> None:
        name = f"{found.value}_count"
        setattr(self, name, getattr(self, name) + 1)

    def failed(self, kind: str) -> None:
        """One try that came to nothing, for this kind of failure."""
        self.limited_count += kind in _LIMITED
        self.refused_count += kind in _REFUSED
        self.fault_count += kind in _FAULT

    def took(self, seconds: float, found: Found) -> None:
        """Whatever was answered may be the slowest; the mean is of what said something, since of
        a request that failed nobody knows how long it took."""
        spent = max(0, round(seconds * 1000))
        self.answer_ms += spent if found is not Found.UNKNOWN else 0
        self.slowest_ms = max(self.slowest_ms, spent)

    def control(self, checked: Checked | None, agreement: Agreement) -> None:
        self.control_count += 1
        self.control_wrong_count += agreement is Agreement.DISAGREE
        if checked is not None:
            self.took(checked.seconds, Found.UNKNOWN)  # it is no check, and not in the mean


_COLUMNS = tuple(each.name for each in fields(Tally))
_ADDED = tuple(name for name in _COLUMNS if name != "slowest_ms")
Tallies = defaultdict[str, Tally]  # by mirror


def tally_rounds(rounds: Iterable[Round], tallies: Tallies) -> None:
    for each in rounds:
        for probe in each.probes:
            tallies[each.mirror].control(probe.checked, probe.agreement)


def forget_old(provider_id: int, now: dt.datetime) -> int:
    """Remove what is older than anybody looks at, in the caller's transaction."""
    before = now - dt.timedelta(days=KEPT_DAYS)
    return ProviderHour.objects.filter(provider_id=provider_id, hour__lt=before).delete()[0]


def add_hours(provider_id: int, tallies: Mapping[str, Tally], now: dt.datetime) -> None:
    """Add what a batch came to, in the caller's transaction: two statements a mirror.

    Mirrors go in one order, so that two writers never wait for each other.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    at = connection.ops.adapt_datetimefield_value(hour)
    mirrors = sorted(mirror[:HOST_LENGTH] for mirror in tallies)
    rows = [(provider_id, mirror, at, *([0] * len(_COLUMNS))) for mirror in mirrors]
    insert_missing(ProviderHour, (*_KEY, *_COLUMNS), rows, key=_KEY)
    for mirror in sorted(tallies):
        tally = tallies[mirror]
        ProviderHour.objects.filter(
            provider_id=provider_id, mirror=mirror[:HOST_LENGTH], hour=hour
        ).update(
            **{name: F(name) + getattr(tally, name) for name in _ADDED if getattr(tally, name)},
            slowest_ms=Greatest(F("slowest_ms"), tally.slowest_ms),
        )
