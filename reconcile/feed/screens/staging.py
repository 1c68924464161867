"""Staging as a list: what each show is to master, and side by side with it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from popflix.console.pieces import render, vocabulary
from popflix.console.pieces.tones import State, Tone
from popflix.lib.admin import ReadOnlyAdmin
from popflix.lib.filters import FixedFilter
from reconcile.changes import told
from reconcile.changes.finding.staged import Standing, Word, standings, waiting_ids
from reconcile.changes.types import COMPARED, ChangeKind
from reconcile.feed.screens.shows import ShowAdmin, ShowList
from reconcile.feed.screens.words import SHOWS
from reconcile.shows.models import SyncShow

_GROUP = "staged show"  # of words
vocabulary.register(
    _GROUP,
    {
        Word.SAME: State("Same", Tone.QUIET),
        Word.NEW: State("New", Tone.OK),
        Word.OTHER: State("Other values", Tone.INFO),
        Word.BACK: State("Missing in master", Tone.BAD),
    },
)


class DiffersFilter(FixedFilter):
    """By what the newest change set keeps: no click compares all of staging with master."""

    title, parameter_name = "difference", "differs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("any", "Differs, not applied"),
            (str(ChangeKind.INSERT), "New"),
            (str(ChangeKind.UPDATE), "Other values"),
            (str(ChangeKind.MOVE), "Other time or screen"),
            (str(ChangeKind.REVIVE), "Missing in master"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen not in {value for value, _ in self.lookup_choices}:
            return queryset
        return queryset.filter(pk__in=waiting_ids("" if chosen == "any" else str(chosen)))


class StagedList(ShowList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        with_standings(self.result_list)


def with_standings(shows: list[Any]) -> None:
    found = standings(shows)
    for show in shows:
        show.standing = found[show.pk]


@admin.register(SyncShow)
class SyncShowAdmin(ShowAdmin, ReadOnlyAdmin):
    menu = (SHOWS, 40)
    menu_label = "Staging"
    list_title = "Staging"
    search_help_text = "The number of a cinema or of a show"
    empty_hint = "Load a feed with `manage.py load_shows`."
    list_display: Any = (*ShowAdmin.list_display, "differs")
    list_filter: ClassVar[Any] = (DiffersFilter,)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ShowList]:
        return StagedList

    @admin.display(description="in master")
    def differs(self, show: Any) -> SafeString:
        it: Standing = show.standing
        word = render.badge(_GROUP, it.word)
        names = ", ".join(told.FIELDS[name] for name in it.fields)
        if it.change is None:
            return _two_lines(word, names)
        url = reverse("admin:reconcile_change_change", args=[it.change.pk])
        state = it.change.get_state_display().lower()
        link = format_html('<a href="{}">{} {}</a>', url, it.change.kind, state)
        return _two_lines(word, format_html("{} {}", names, link))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        more = {**_beside(object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)


def _two_lines(first: SafeString, second: str) -> SafeString:
    return format_html('{}<span class="sub">{}</span>', first, second) if second else first


def _beside(object_id: str) -> dict[str, Any]:
    """The row and its counterpart in master; empty where there is no such row."""
    is_number = object_id.isascii() and object_id.isdigit() and len(object_id) < 19
    show = SyncShow.objects.filter(pk=int(object_id)).first() if is_number else None
    if show is None:
        return {}
    standing = standings([show])[show.pk]
    values = [
        (
            told.FIELDS[name].capitalize(),
            *(told.value(name, getattr(row, name)) for row in (standing.master, show)),
        )
        for name in COMPARED
        if standing.master is not None
    ]
    title = {"title": show.title, "subtitle": "Staged show"}
    return {**title, "standing": standing, "beside": values}
