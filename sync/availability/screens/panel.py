"""What home shows of availability: the checks of a day, and what needs a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from popflix.console.home.needs import Need, folded, of_unit, short
from popflix.console.pieces.tones import State, Tone
from popflix.engine.models import Pause
from sync.availability.controlled import CONDITION
from sync.availability.health import (
    HOURS,
    MANY_UNKNOWN,
    Figures,
    configured,
    day_of_all,
    days,
    total,
)
from sync.availability.models import Provider
from sync.availability.screens.told import percent
from sync.availability.screens.words import VIEW, VIEW_PROVIDER
from sync.availability.types import UNIT_PREFIX

_CONTROLS = State("Controls", Tone.HOLD)
_UNKNOWN = State("Unknown", Tone.WAIT)


def panel(request: HttpRequest, now: dt.datetime) -> Mapping[str, Any]:
    by_hour, zone = day_of_all(now), timezone.get_current_timezone()
    return {
        "columns": [
            (f"{hour.astimezone(zone):%H:%M}", each.known_count, each.unknown_count)
            for hour, each in by_hour
        ],
        "told": _told(total(each for _, each in by_hour)),
        "may_see_rows": request.user.has_perm(VIEW),
    }


def _told(day: Figures) -> str:
    if day.check_count:
        return f"{percent(day.unknown_percent)} unknown."
    if configured():
        return f"Nothing was checked in {HOURS} h."
    return "No provider is configured: name one in `POPFLIX_PROVIDERS`."


def availability_needs(now: dt.datetime) -> list[Need]:
    """Two queries, and a third where something needs a person."""
    held = list(
        Pause.objects.filter(condition=CONDITION, unit__startswith=UNIT_PREFIX).order_by("at")
    )
    bad = {key: figures for key, figures in days(now).items() if figures.has_many_unknown}
    if not held and not bad:
        return []
    keys = {each.name: each.pk for each in Provider.objects.order_by("name")}
    return [
        *folded(list(_paused(held, keys)), "providers whose controls disagree", _list()),
        *folded(list(_unknown(bad, keys, held)), "providers with many unknown", _list()),
    ]


def _paused(held: list[Pause], keys: Mapping[str, int]) -> Iterator[Need]:
    """Instead of what the engine tells of the unit that stopped for it."""
    for pause in held:
        name = pause.unit.removeprefix(UNIT_PREFIX)
        yield Need(
            _CONTROLS, f"{name} is not asked: its controls disagree", short(pause.why),
            _page(keys.get(name)), "See its health", rank=14, permission=VIEW_PROVIDER,
            about=of_unit(pause.unit), detail=1,
        )  # fmt: skip


def _unknown(bad: Mapping[int, Any], keys: Mapping[str, int], held: list[Pause]) -> Iterator[Need]:
    """Not of a provider that is paused: that is told already."""
    paused = {pause.unit.removeprefix(UNIT_PREFIX) for pause in held}
    for name, key in keys.items():
        if key in bad and name not in paused:
            share, count = percent(bad[key].unknown_percent), bad[key].check_count
            yield Need(
                _UNKNOWN, f"{name} leaves many checks unknown: {share}",
                f"Of {count:,} checks in {HOURS} h; from {MANY_UNKNOWN} % on it is told here. "
                "What was known before stays.",
                _page(key), "See its health", rank=44, permission=VIEW_PROVIDER,
            )  # fmt: skip


def _page(key: int | None) -> str:
    return reverse("admin:sync_provider_change", args=[key]) if key else _list()


def _list() -> str:
    return reverse("admin:sync_provider_changelist")
