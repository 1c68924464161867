"""Movies: their list, the page of one, and the addresses of what is done there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from popflix.lib.admin import BigTableAdmin, WhyForm, why_given
from popflix.lib.errors import OperatorError
from sync.movies.excluding import exclude_movies, restore_movies
from sync.movies.held import Key
from sync.movies.models import Movie
from sync.movies.screens import doing, hands, page, wall
from sync.movies.screens.listing import FILTERS, found
from sync.movies.screens.shown import Shown
from sync.movies.screens.words import ADD, EDIT, MOVIES, SEARCH_HELP
from sync.movies.waking import refresh_now

_MOST_CHOSEN = 1000
_NOTHING = "–"


def _cell(name: str, movie: Movie) -> SafeString:
    context = {"shown": Shown(movie)}
    return mark_safe(render_to_string(f"sync/movies/cells/{name}.html", context).strip())


@admin.register(Movie)
class MovieAdmin(BigTableAdmin):
    menu = (MOVIES, 10)
    list_display = ("picture", "name", "state", "rated", "fetched")
    list_display_links = ("name",)
    empty_hint = "`manage.py crawl_movies` fetches TMDB's catalogue, `import_movies` reads files."
    list_filter = FILTERS
    search_fields = ("title",)
    search_help_text = SEARCH_HELP
    ordering = ("-pk",)
    action_form = WhyForm
    actions = ("refresh", "hide", "restore")
    operators_may = ("add", "change")

    # --- the list -------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("ratings")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return found(request, queryset, search_term), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        more = {"may_import": request.user.has_perm(ADD)}
        answer: HttpResponse = super().changelist_view(request, {**more, **(extra_context or {})})
        return answer

    @admin.display(description="poster")
    def picture(self, movie: Movie) -> SafeString:
        return _cell("picture", movie)

    @admin.display(description="title")
    def name(self, movie: Movie) -> SafeString:
        return _cell("name", movie)

    @admin.display(description="upstream")
    def state(self, movie: Movie) -> SafeString:
        return _cell("state", movie)

    @admin.display(description="ratings")
    def rated(self, movie: Movie) -> str:
        return Shown(movie).rated or _NOTHING

    @admin.display(description="fetched")
    def fetched(self, movie: Movie) -> SafeString:
        return _cell("fetched", movie)

    # --- one movie ------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        more = {**page.context(request, object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All that there is to look at stands above the form."""
        return ()

    def get_urls(self) -> list[URLPattern]:
        return [
            path("wall/", wall.posters, name="sync_movie_wall"),
            path("import/", doing.import_ids, name="sync_movie_import"),
            path("<str:object_id>/refresh/", doing.refresh, name="sync_movie_refresh"),
            path("<str:object_id>/exclude/", doing.exclude, name="sync_movie_exclude"),
            path("<str:object_id>/restore/", doing.restore, name="sync_movie_restore"),
            path("<str:object_id>/purge/", doing.purge, name="sync_movie_purge"),
            path("<str:object_id>/lock/", hands.lock, name="sync_movie_lock"),
            path("<str:object_id>/unlock/", hands.unlock, name="sync_movie_unlock"),
            path("<str:object_id>/write/", hands.write, name="sync_movie_write"),
            path("<str:object_id>/replay/", hands.replay, name="sync_movie_replay"),
            *super().get_urls(),
        ]

    # --- no form: what may be done has buttons of its own ---------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    # --- many -----------------------------------------------------------------------------

    def has_edit_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(EDIT))

    @admin.action(description="Refresh now", permissions=["edit"])
    def refresh(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._done(request, queryset, refresh_now, "Due now", wakes=True)

    @admin.action(description="Exclude from crawls", permissions=["edit"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._done(request, queryset, exclude_movies, "Excluded")

    @admin.action(description="Restore", permissions=["edit"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._done(request, queryset, restore_movies, "Restored", wakes=True)

    def _done(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        act: Callable[..., int],
        word: str,
        *,
        wakes: bool = False,
    ) -> None:
        keys, why = self._chosen(request, queryset), why_given(request)
        try:
            count = act(keys, by=request.user, why=why, now=timezone.now())
        except OperatorError as error:
            messages.error(request, f"{error.cause} {error.cure}")
            return
        woken = f" {doing.woken(request, keys)}" if wakes else ""
        messages.success(request, f"{word}: {count:,}.{woken}")

    def _chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Key]:
        """What was ticked; a whole list is too much for one request."""
        rows = queryset.order_by("pk").values_list("media_type", "tmdb_id")
        keys = list(rows[: _MOST_CHOSEN + 1])
        if len(keys) > _MOST_CHOSEN:
            messages.warning(request, f"Only the first {_MOST_CHOSEN:,} were taken.")
        return keys[:_MOST_CHOSEN]
