"""Availability: its list, the page of one row, and the addresses of what is done there."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from popflix.console import menu
from popflix.lib.admin import ReadOnlyAdmin, WhyForm, why_given
from popflix.lib.errors import OperatorError
from sync.availability.models import Availability
from sync.availability.recheck import recheck_told
from sync.availability.screens import cells, doing, matching, matrix, page
from sync.availability.screens.listing import (
    FILTERS,
    ChosenList,
    choice_of,
    is_storable,
)
from sync.availability.screens.words import AVAILABILITY, RECHECK, SEARCH_HELP, VIEW
from sync.movies.models import Movie

_MOST_CHOSEN = 1000
_OF_MOVIE = ("media_type", "tmdb_id", "imdb_id", "title", "year")
menu.register(menu.Page(AVAILABILITY, "Matrix", "admin:sync_availability_matrix", VIEW, rank=10))


@admin.register(Availability)
class AvailabilityAdmin(ReadOnlyAdmin):
    menu = (AVAILABILITY, 20)
    menu_label = "All answers"
    list_title = "Availability"
    list_display = ("name", "where", "state", "checked", "upcoming", "again")
    list_display_links = ("name",)
    empty_hint = "`manage.py check_availability` asks the providers of POPFLIX_PROVIDERS."
    list_filter = FILTERS
    search_fields = ("movie",)
    search_help_text = SEARCH_HELP
    ordering = ("-pk",)
    action_form = WhyForm
    actions = ("recheck_chosen",)

    name, where, state, checked = cells.name, cells.where, cells.state, cells.checked
    upcoming, again = cells.upcoming, cells.again

    # --- the list -------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChosenList]:
        return ChosenList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Read beside the page's rows: no join that the order could be sorted by.
        movies = Prefetch("movie", Movie.objects.only(*_OF_MOVIE))
        return super().get_queryset(request).defer("offers").prefetch_related(movies, "provider")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset, False  # the list's choice says what is meant

    def get_list_display(self, request: HttpRequest) -> Any:
        """A button stands only where it may be pressed."""
        shown = super().get_list_display(request)
        return shown if self.has_recheck_permission(request) else shown[:-1]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        may_all = choice_of(request.GET).is_narrowed and is_storable(request.GET)
        more = {"may_recheck_all": self.has_recheck_permission(request) and may_all}
        answer: HttpResponse = super().changelist_view(request, {**more, **(extra_context or {})})
        return answer

    # --- one row --------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        more = {**page.context(request, object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All that there is to look at stands above the form."""
        return ()

    def get_urls(self) -> list[URLPattern]:
        of_all = self.admin_site.admin_view(matching.recheck_all)
        return [
            path("matrix/", matrix.matrix, name="sync_availability_matrix"),
            path("recheck-all/", of_all, name="sync_availability_recheck_matching"),
            path(
                "movie/<str:movie_id>/recheck/", doing.recheck_movie,
                name="sync_availability_recheck_movie",
            ),
            path(
                "<str:object_id>/recheck/", doing.recheck_one, name="sync_availability_recheck"
            ),
            *super().get_urls(),
        ]  # fmt: skip

    # --- who may what ---------------------------------------------------------------------

    def has_recheck_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(RECHECK))

    @admin.action(description="Re-check now", permissions=["recheck"])
    def recheck_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: _MOST_CHOSEN + 1])
        if len(keys) > _MOST_CHOSEN:
            messages.warning(
                request, f"Only the first {_MOST_CHOSEN:,} were taken. Narrow the list and "
                "choose “Re-check all that match”.",
            )  # fmt: skip
        try:
            count, told = recheck_told(request.user, keys[:_MOST_CHOSEN], why_given(request))
        except OperatorError as error:
            messages.error(request, f"{error.cause} {error.cure}")
            return
        messages.success(request, f"Checked next: {count:,}. {' '.join(told)}")
