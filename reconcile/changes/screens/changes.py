"""Changes: the list of those of a change set, and the page of one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from popflix.console.columns import badge_column
from popflix.console.pieces import vocabulary
from popflix.lib.admin import ReadOnlyAdmin
from popflix.lib.filters import FixedFilter
from reconcile.changes.models import Change, ChangeState
from reconcile.changes.screens import cells
from reconcile.changes.screens.around import look_around
from reconcile.changes.screens.cards import cards
from reconcile.changes.screens.review import why_closed
from reconcile.changes.screens.words import APPROVE, KIND, SHOWS, STATE
from reconcile.changes.types import ChangeKind

_DIGITS = 9  # of a number that every column takes


class KindFilter(FixedFilter):
    title, parameter_name = "kind", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(kind), vocabulary.state(KIND, kind).label) for kind in ChangeKind]


class StateFilter(FixedFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in ChangeState.choices]


class _NumberFilter(admin.SimpleListFilter):
    """Stands in the list only where an address names a number."""

    column = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        given = request.GET.get(str(self.parameter_name), "")
        return [(given, f"{self.title} {given}")] if _is_number(given) else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.column: int(self.value() or 0)})


class SetFilter(_NumberFilter):
    title, parameter_name, column = "change set", "set", "change_set_id"


class CinemaFilter(_NumberFilter):
    title, parameter_name, column = "cinema", "cinema", "cinema_id"


class ChangesOfPage(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        look_around(self.result_list)


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    menu = (SHOWS, 20)
    list_display = ("id", "kind_word", "what", "show", "cinema", "state_word", "why")
    list_filter = (SetFilter, StateFilter, KindFilter, CinemaFilter)
    list_select_related = ("change_set",)
    search_fields = ("master_id",)
    search_help_text = "The number of a show in master."
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("id",)
    empty_hint = "`manage.py reconcile_shows` keeps here what differs between feed and master."

    kind_word, state_word = (
        badge_column("kind", KIND, "kind"),
        badge_column("state", STATE, "state"),
    )
    what, show, cinema, why = cells.what, cells.show, cells.cinema, cells.why

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChangesOfPage

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(master_id=int(term)) if _is_number(term) else queryset.none(), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        given = request.GET.get("set", "")
        title = {"title": f"Changes of change set {given}"} if _is_number(given) else {}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        more = {**_page(request, object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All that there is to look at stands on the page itself."""
        return ()


def _page(request: HttpRequest, object_id: str) -> dict[str, Any]:
    """Empty where there is no such row: the page that follows says so."""
    found = Change.objects.select_related("change_set")
    change = found.filter(pk=int(object_id)).first() if object_id.isdecimal() else None
    if change is None:
        return {}
    [card] = cards([change])
    around = card.around
    return {
        "title": "Change",
        "subtitle": around.title or around.cinema,
        "it": change,
        "of": around,
        "card": card,
        "may_decide": request.user.has_perm(APPROVE) and not why_closed(change.change_set),
    }


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= _DIGITS
