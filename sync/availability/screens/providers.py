"""Providers and how they do: their list, and the page of each one's health."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from popflix.console.pieces import render
from popflix.console.pieces.moments import lasted
from popflix.lib.admin import ReadOnlyAdmin
from popflix.lib.tally import told
from sync.availability.health import MOST_DUE, Figures, Health, configured, read_all, read_health
from sync.availability.models import Provider
from sync.availability.providers import allowed_rate
from sync.availability.screens.told import milliseconds, per_second, percent
from sync.availability.screens.words import AVAILABILITY, CREDITED, VIEW
from sync.availability.types import Kind

_DIGITS = 18


class ShownHealth:
    """What templates and cells ask of a provider's health."""

    def __init__(self, health: Health) -> None:
        self.health, self.provider, self.day = health, health.provider, health.day

    @property
    def controls(self) -> str:
        """A word of the group *controls*."""
        agree = self.provider.controls_agree
        if self.provider.controls_at is None:
            return "never"
        return "unasked" if agree is None else "agree" if agree else "disagree"

    @property
    def asks_controls(self) -> bool:
        """TMDB's answers say what they mean: it needs none."""
        config = self.health.config
        return bool(config and config.controls) or self.provider.controls_at is not None

    @property
    def is_credited(self) -> bool:
        return self.provider.kind == CREDITED

    @property
    def unknown(self) -> str:
        return percent(self.day.unknown_percent)

    @property
    def mean(self) -> str:
        return milliseconds(self.day.mean_ms)

    @property
    def slowest(self) -> str:
        return milliseconds(self.day.slowest_ms or None)

    @property
    def due(self) -> str:
        return told(self.health.due_count, MOST_DUE)

    @property
    def eta(self) -> str:
        """How long what is due takes; of more than are counted at least so long."""
        if self.health.pauses:
            return "it is paused"
        if self.is_list:
            return "moments, once the list is read" if self.health.due_count else "nothing is due"
        seconds = self.health.eta_seconds
        if seconds is None:
            return "nobody can say"
        if not self.health.due_count:
            return "nothing is due"
        return f"{'at least' if self.health.is_due_capped else 'about'} {lasted(seconds)}"

    @property
    def is_list(self) -> bool:
        config = self.health.config
        return config is not None and config.kind is Kind.LIST

    @property
    def rate(self) -> str:
        rate = self.health.rate
        if rate is None:
            return "the list is read as a whole" if self.is_list else "not configured"
        now, allowed = per_second(rate.now), per_second(rate.allowed)
        return f"{now} a second" if now == allowed else f"{now} of {allowed} a second"

    @property
    def at_most(self) -> str:
        """TMDB has one rate for whoever asks it, whatever stands in the entry."""
        config = self.health.config
        if config is None or self.is_list:
            return ""
        rate = f"{per_second(allowed_rate(config))} a second"
        shared = " together with all that asks TMDB" if self.is_credited else ""
        return f"{rate}{shared}, {config.concurrency} at once"

    @property
    def why_slow(self) -> str:
        rate = self.health.rate
        return rate.reason if rate is not None and rate.now < rate.allowed else ""

    @property
    def columns(self) -> list[tuple[str, int, int]]:
        """Of the chart: each hour, what was found out, and what was not."""
        zone = timezone.get_current_timezone()
        return [
            (f"{hour.astimezone(zone):%H:%M}", each.known_count, each.unknown_count)
            for hour, each in self.health.by_hour
        ]

    @property
    def mirrors(self) -> list[tuple[str, Figures, str, str, str]]:
        return [
            (
                name or "its own address", each, percent(each.unknown_percent),
                milliseconds(each.mean_ms), milliseconds(each.slowest_ms or None),
            )
            for name, each in self.health.by_mirror.items()
        ]  # fmt: skip


class ProvidersList(ChangeList):
    """The page's providers get their health together, in as many queries as one takes."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        for row, health in zip(rows, read_all(rows, timezone.now()), strict=True):
            row.shown = ShownHealth(health)
        self.result_list = rows


@admin.register(Provider)
class ProviderAdmin(ReadOnlyAdmin):
    menu = (AVAILABILITY, 30)
    list_display = ("name", "state", "controls", "checks", "unknown", "mean", "due", "eta")
    list_display_links = ("name",)
    ordering = ("name",)
    empty_hint = (
        "Name one in `POPFLIX_PROVIDERS`; it stands here once `manage.py check_availability` "
        "has asked it."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ProvidersList]:
        return ProvidersList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        known = set(Provider.objects.values_list("name", flat=True))
        more = {"never_run": [name for name in configured() if name not in known]}
        answer: HttpResponse = super().changelist_view(request, {**more, **(extra_context or {})})
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        more = {**context(request, object_id, timezone.now()), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All that there is to look at stands above the form."""
        return ()

    @admin.display(description="stands")
    def state(self, row: Any) -> SafeString:
        health = row.shown.health
        if health.pauses:
            return render.toned("Paused", "hold")
        if health.config is None:
            return render.toned("Not configured", "quiet")
        if health.day.has_many_unknown:
            return render.toned("Many unknown", "wait")
        return (
            render.toned("Goes on", "ok")
            if health.day.check_count
            else render.toned("At rest", "quiet")
        )

    @admin.display(description="controls")
    def controls(self, row: Any) -> SafeString | str:
        shown = row.shown
        return render.badge("controls", shown.controls) if shown.asks_controls else "none needed"

    @admin.display(description="checks in 24 h")
    def checks(self, row: Any) -> str:
        return f"{row.shown.day.check_count:,}"

    @admin.display(description="unknown")
    def unknown(self, row: Any) -> str:
        return str(row.shown.unknown)

    @admin.display(description="mean answer")
    def mean(self, row: Any) -> str:
        return str(row.shown.mean)

    @admin.display(description="due now")
    def due(self, row: Any) -> str:
        return str(row.shown.due)

    @admin.display(description="takes")
    def eta(self, row: Any) -> str:
        return str(row.shown.eta)


def context(request: HttpRequest, object_id: str, now: dt.datetime) -> dict[str, Any]:
    """Empty where there is no such provider: the page that follows says so."""
    is_number = object_id.isascii() and object_id.isdigit() and len(object_id) <= _DIGITS
    provider = Provider.objects.filter(pk=int(object_id)).first() if is_number else None
    if provider is None:
        return {}
    return {
        "title": "Provider",
        "subtitle": provider.name,
        "shown": ShownHealth(read_health(provider, now)),
        "may_see_runs": request.user.has_perm("engine.view_run"),
        "may_see_rows": request.user.has_perm(VIEW),
    }
