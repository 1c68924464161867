"""Staging and master as lists: by cinema, with the times of the cinema beside UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from popflix.console.columns import moment_column
from popflix.lib.admin import BigTableAdmin
from reconcile.feed.models import Cinema, Source
from reconcile.shows.models import Show

_LARGEST = 2**31 - 1


class ShowList(ChangeList):
    """Reads the cinemas of a page's rows at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        with_cinemas(self.result_list)


def with_cinemas(shows: Iterable[Any]) -> None:
    """Give each show its `cinema`, None where nobody knows it, and the `zone` that holds there."""
    shows = list(shows)
    cinemas = Cinema.objects.in_bulk({show.cinema_id for show in shows})
    zones = dict(Source.objects.values_list("name", "zone"))
    for show in shows:
        show.cinema = cinemas.get(show.cinema_id)
        own = show.cinema and (show.cinema.zone or zones.get(show.cinema.source, ""))
        show.zone = own or "UTC"


def _named(name: str, label: str) -> Any:
    """A column of the seed's, by the word that all pages have for it."""

    @admin.display(description=label)
    def column(self: Any, show: Show) -> Any:
        return getattr(show, name)

    return column


class ShowAdmin(BigTableAdmin):
    list_display: Any = (
        "id", "cinema", "screen", "starts", "starts_there", "movie", "title", "format", "active",
    )  # fmt: skip
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("id",)
    search_fields = ("id",)
    fields: ClassVar[Any] = (
        "cinema", "screen", "starts", "starts_there", "movie", "title", "rating", "length",
        "format", "genre", "active", "picture", "created", "updated",
    )  # fmt: skip
    readonly_fields: ClassVar[Any] = (
        "cinema", "screen", "starts", "starts_there", "movie", "genre", "active", "picture",
        "created", "updated",
    )  # fmt: skip
    screen, movie = _named("screen_name", "screen"), _named("movie_id", "movie ID")
    genre, active = _named("genere", "genre"), _named("is_active", "active")
    picture = _named("image_url", "picture")
    created = moment_column("created_at", "since")
    updated = moment_column("updated_at", "written last")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ShowList

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        show = super().get_object(request, object_id, from_field)
        with_cinemas([show] if show else [])
        return show

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(self.meant_by(term)) if term else queryset), False

    def meant_by(self, term: str) -> Q:
        """The shows of a cinema, or the one with this number."""
        if not (term.isascii() and term.isdigit() and int(term) <= _LARGEST):
            return Q(pk__in=[])
        return Q(cinema_id=int(term)) | Q(pk=int(term))

    @admin.display(description="cinema")
    def cinema(self, show: Any) -> str:
        if show.cinema is None:
            return str(show.cinema_id)
        url = reverse("admin:reconcile_cinema_change", args=[show.cinema.pk])
        return format_html('<a href="{}">{}</a>', url, show.cinema)

    @admin.display(description="begins (UTC)")
    def starts(self, show: Show) -> str:
        return _written(show.show_time)

    @admin.display(description="begins there")
    def starts_there(self, show: Any) -> str:
        return _written(show.show_time.astimezone(ZoneInfo(show.zone)))


def _written(moment: dt.datetime) -> str:
    return format_html('<span class="nowrap">{}</span>', f"{moment:%Y-%m-%d %H:%M}")
