"""Titles as IMDb lists them: looked at, never touched."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from popflix.console.pieces import render
from popflix.lib.admin import ReadOnlyAdmin
from sync.links.models import MediaLinks, Title
from sync.links.pictures import imdb_page
from sync.links.screens.cells import NOTHING
from sync.links.screens.listing import TitleTypeFilter, found
from sync.links.screens.words import SEARCH_HELP, TITLES


@admin.register(Title)
class TitleAdmin(ReadOnlyAdmin):
    menu = (TITLES, 20)
    list_display = (
        "imdb_id", "title_type", "primary_title", "original_title", "start_year", "genres",
        "links",
    )  # fmt: skip
    list_filter = (TitleTypeFilter,)
    search_fields = ("tconst",)
    search_help_text = SEARCH_HELP
    ordering = ("tconst",)
    sortable_by: ClassVar[Any] = ("imdb_id",)
    empty_hint = "Load IMDb's list with `manage.py import_imdb`."
    readonly_fields = ("links", "imdb", "imdb_id")
    fields = (
        "links", "imdb", "imdb_id", "title_type", "primary_title", "original_title", "is_adult",
        "start_year", "end_year", "runtime_minutes", "genres",
    )  # fmt: skip

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return found(request, queryset, search_term), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Read beside the page's rows: no join that the order could be sorted by.
        return super().get_queryset(request).prefetch_related("media_links")

    @admin.display(description="IMDb id", ordering="tconst")
    def imdb_id(self, title: Title) -> str:
        return str(title.pk)

    @admin.display(description="media links")
    def links(self, title: Title) -> str:
        found: MediaLinks | None = getattr(title, "media_links", None)
        if found is None:
            return NOTHING
        url = reverse("admin:sync_medialinks_change", args=[title.pk])
        badge = render.badge("media link", found.processed_status)
        return format_html('<a class="nowrap" href="{}">{}</a>', url, badge)

    @admin.display(description="IMDb")
    def imdb(self, title: Title) -> SafeString:
        url = imdb_page(title.pk)
        return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', url, url)
