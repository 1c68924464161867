"""Cinemas as feeds named them: whose they are, in which zone, and when their next show begins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from popflix.console.columns import moment_column
from popflix.lib.admin import ReadOnlyAdmin
from popflix.lib.clock import SYSTEM_CLOCK
from reconcile.changes import told
from reconcile.changes.screens import zone
from reconcile.feed.models import Cinema
from reconcile.feed.screens.words import NOTHING, SHOWS
from reconcile.feed.words import INACTIVE_WORDS
from reconcile.shows.models import MasterShow

_LARGEST = 2**31 - 1


def look_around(cinemas: Sequence[Any], now: dt.datetime) -> None:
    """Give each cinema `feeds_zone` and the start of its `next_show`, in two queries."""
    zones = zone.zones_of_sources() if cinemas else {}
    starts = _next_shows([each.pk for each in cinemas], now) if cinemas else {}
    for each in cinemas:
        each.feeds_zone = zones.get(each.source, "")
        each.next_show = starts.get(each.pk)


def _next_shows(ids: Sequence[int], now: dt.datetime) -> dict[int, dt.datetime]:
    """Of each cinema the first one in master that is to come and takes place: one look each."""
    coming = MasterShow.objects.filter(
        cinema_id=OuterRef("pk"), show_time__gte=now, missing_since=None
    ).annotate(word=Lower(Coalesce("is_active", Value(""))))
    first = coming.exclude(word__in=INACTIVE_WORDS).order_by("show_time")
    cinemas = Cinema.objects.filter(pk__in=list(ids))
    return dict(
        cinemas.annotate(at=Subquery(first.values("show_time")[:1])).values_list("pk", "at")
    )


class CinemaList(ChangeList):
    """Reads what stands around the cinemas of a page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        look_around(list(self.result_list), SYSTEM_CLOCK.now())


@admin.register(Cinema)
class CinemaAdmin(ReadOnlyAdmin):
    menu = (SHOWS, 50)
    list_display = ("id", "name", "zone_told", "source", "next", "seen", "shows")
    ordering = ("id",)
    sortable_by: ClassVar[Any] = ("id",)
    search_fields = ("id",)
    search_help_text = "A cinema's number, or how its name begins"
    empty_hint = "Feeds name them: `manage.py load_shows`."
    fields = (
        "id", "name", "zone_here", "source", "next", "first_seen", "seen", "shows",
    )  # fmt: skip
    readonly_fields = ("zone_here", "next", "first_seen", "seen", "shows")
    first_seen = moment_column("first_seen_at", "first seen")
    seen = moment_column("last_seen_at", "last seen")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CinemaList

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        look_around([found] if found else [], SYSTEM_CLOCK.now())
        return found

    def get_urls(self) -> list[URLPattern]:
        own = path("<int:object_id>/zone/", zone.zone, name="reconcile_cinema_zone")
        return [own, *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        is_number = term.isascii() and term.isdigit() and int(term) <= _LARGEST
        by_name = Q(name__istartswith=term)  # thousands at most: no index is needed
        return queryset.filter(by_name | Q(pk=int(term)) if is_number else by_name), False

    @admin.display(description="time zone")
    def zone_told(self, cinema: Any) -> str:
        if cinema.zone:
            return f"{cinema.zone}, its own"
        if cinema.feeds_zone:
            return f"{cinema.feeds_zone}, as its feed"
        return "as its feed states"

    @admin.display(description="time zone")
    def zone_here(self, cinema: Any) -> str:
        """With the way to another one."""
        url = reverse("admin:reconcile_cinema_zone", args=[cinema.pk])
        link = format_html('<a class="in-text" href="{}">another one…</a>', url)
        return format_html("{} · {}", self.zone_told(cinema), link)

    @admin.display(description="next show")
    def next(self, cinema: Any) -> str:
        """On the cinema's clock."""
        if cinema.next_show is None:
            return NOTHING
        here = ZoneInfo(cinema.zone or cinema.feeds_zone or "UTC")
        words = told.clock(cinema.next_show, here)
        utc = f"{cinema.next_show:%Y-%m-%d %H:%M} UTC"
        return format_html('<span class="nowrap" title="{}">{}</span>', utc, words)

    @admin.display(description="shows")
    def shows(self, cinema: Cinema) -> str:
        staging, master = (
            f"{reverse(f'admin:reconcile_{name}_changelist')}?q={cinema.pk}"
            for name in ("syncshow", "mastershow")
        )
        return format_html('<a href="{}">staging</a> · <a href="{}">master</a>', staging, master)
