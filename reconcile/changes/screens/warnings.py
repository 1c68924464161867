"""What is odd of the staged programmes: a list, newest loads first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from popflix.console.columns import badge_column, moment_column
from popflix.console.pieces import vocabulary
from popflix.console.pieces.tones import State, Tone
from popflix.lib.admin import ReadOnlyAdmin
from popflix.lib.filters import FixedFilter
from reconcile.changes import told
from reconcile.changes.models import ChangeSet, ProgrammeWarning
from reconcile.changes.policy.impossible import Oddity
from reconcile.changes.screens.cells import NOTHING
from reconcile.changes.screens.changes import CinemaFilter
from reconcile.changes.screens.words import SHOWS
from reconcile.feed.models import Cinema, Load, LoadState

ODDITY = "warning of a programme"  # a group of words
_LABELS = {
    Oddity.OVERLAP: "Overlap",
    Oddity.SPELLING: "Two spellings",
    Oddity.CLOCKS: "Change of clocks",
    Oddity.HOURS: "Unusual hour",
}
_LISTED = 2  # shows of a warning; each kind is about one or two
vocabulary.register(ODDITY, {kind: State(label, Tone.WAIT) for kind, label in _LABELS.items()})


class OddityFilter(FixedFilter):
    title, parameter_name = "kind", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(kind), label) for kind, label in _LABELS.items()]


class NewestFilter(FixedFilter):
    """A load that was just made has none until it is looked through."""

    title, parameter_name = "load", "load"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("newest", "In newest load")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "newest":
            return queryset
        loads = Load.objects.filter(state=LoadState.LOADED).values("source").order_by()
        newest = loads.annotate(newest=Max("pk")).values_list("newest", flat=True)
        return queryset.filter(load_id__in=list(newest))


class WarningsOfPage(ChangeList):
    """Reads the cinemas and the change sets of a page's rows at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        with_places(self.result_list)


def with_places(rows: Iterable[Any]) -> None:
    """Give each its `cinema`, None where nobody knows it, and the newest `set_id` of its load."""
    rows = list(rows)
    cinemas = Cinema.objects.in_bulk({row.cinema_id for row in rows})
    sets = ChangeSet.objects.filter(
        source__in={row.source for row in rows}, load_id__in={row.load_id for row in rows}
    )
    of_load = dict(sets.order_by("pk").values_list("load_id", "pk"))
    for row in rows:
        row.cinema, row.set_id = cinemas.get(row.cinema_id), of_load.get(row.load_id)


@admin.register(ProgrammeWarning)
class ProgrammeWarningAdmin(ReadOnlyAdmin):
    menu = (SHOWS, 45)
    menu_label = list_title = "Warnings"
    list_display = ("on", "cinema", "kind_word", "what", "shows", "changes")
    list_filter = (OddityFilter, NewestFilter, CinemaFilter)
    ordering = ("-id",)
    empty_hint = "Each load's programme is looked through after `manage.py reconcile_shows`."
    fields = ("on", "cinema", "kind_word", "shows", "changes", "source", "found")
    readonly_fields = ("on", "cinema", "kind_word", "shows", "changes", "found")
    kind_word = badge_column("kind", ODDITY, "kind")
    found = moment_column("found_at", "found")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WarningsOfPage

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        with_places([found] if found else [])
        return found

    @admin.display(description="day", ordering="day")
    def on(self, row: ProgrammeWarning) -> str:
        return told.day(row.day)

    @admin.display(description="what is odd")
    def what(self, row: ProgrammeWarning) -> str:
        return row.words

    @admin.display(description="cinema")
    def cinema(self, row: Any) -> SafeString | str:
        if row.cinema is None:
            return f"cinema {row.cinema_id}"
        href = reverse("admin:reconcile_cinema_change", args=[row.cinema_id])
        return format_html('<a href="{}">{}</a>', href, row.cinema)

    @admin.display(description="staged shows")
    def shows(self, row: ProgrammeWarning) -> SafeString | str:
        links = (
            (reverse("admin:reconcile_syncshow_change", args=[pk]), pk)
            for pk in row.sync_ids[:_LISTED]
        )
        return format_html_join(" · ", '<a href="{}">{}</a>', links) or NOTHING

    @admin.display(description="changes")
    def changes(self, row: Any) -> SafeString | str:
        """Those of its cinema; none where the load brought none."""
        if row.set_id is None:
            return NOTHING
        href = reverse("admin:reconcile_change_changelist")
        query = f"set={row.set_id}&cinema={row.cinema_id}"
        return format_html('<a href="{}?{}">change set {}</a>', href, query, row.set_id)
