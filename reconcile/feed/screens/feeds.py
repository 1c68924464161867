"""The loads of each feed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from popflix.console.columns import badge_column, moment_column
from popflix.lib.admin import ReadOnlyAdmin
from reconcile.feed.models import Load
from reconcile.feed.screens.words import LOAD, NOTHING, SHOWS

_LARGEST = 2**31 - 1


def _number(term: str) -> int | None:
    is_number = term.isascii() and term.isdigit() and int(term) <= _LARGEST
    return int(term) if is_number else None


@admin.register(Load)
class LoadAdmin(ReadOnlyAdmin):
    menu = (SHOWS, 30)
    menu_label = "Loads"
    list_display = (
        "id", "source", "state_word", "started", "read_count", "staged_count", "merged_count",
        "quarantined_count", "error", "run",
    )  # fmt: skip
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("id",)
    search_fields = ("id",)
    search_help_text = "A load's number, or a feed's name"
    empty_hint = "Load a feed with `manage.py load_shows`."
    fields = (
        "source", "where", "state_word", "started_at", "finished_at", "run", "zone", "times",
        "read_count", "staged_count", "merged_count", "quarantined_count", "first_show_at",
        "last_show_at", "error",
    )  # fmt: skip
    readonly_fields = ("state_word", "run")
    state_word = badge_column("state", LOAD, "state")
    started = moment_column("started_at", "started")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        number = _number(term)
        by_source = Q(source=term)
        return queryset.filter(by_source if number is None else by_source | Q(pk=number)), False

    @admin.display(description="run")
    def run(self, load: Load) -> str:
        if load.run_id is None:
            return NOTHING
        url = reverse("admin:engine_run_change", args=[load.run_id])
        return format_html('<a href="{}">{}</a>', url, load.run_id)
