"""Master: the list of its shows, and the page on which one is edited and looked into."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone

from popflix.console.columns import moment_column
from popflix.lib.admin import AskWhy, key_prefix, why_said
from popflix.lib.errors import OperatorError
from reconcile.feed.screens.shows import ShowAdmin
from reconcile.feed.screens.words import SHOWS
from reconcile.shows.editing import edit_show
from reconcile.shows.models import MasterShow
from reconcile.shows.screens import doing, listing, page
from reconcile.shows.screens.form import FIELDS, MasterShowForm
from reconcile.shows.screens.words import EDIT, field_name


@admin.register(MasterShow)
class MasterShowAdmin(AskWhy, ShowAdmin):
    menu = (SHOWS, 20)
    menu_label = "Master"
    form = MasterShowForm
    search_help_text = "The number of a cinema or of a show, or how a movie's ID begins"
    empty_hint = "`manage.py reconcile_shows` brings what is staged here."
    list_display: Any = (
        "id", "cinema", "screen", "starts", "starts_there", "movie", "title", "active", "missing",
        "locked",
    )  # fmt: skip
    list_filter = (listing.HowFilter,)
    fields: ClassVar[Any] = None
    fieldsets: ClassVar[Any] = (("Edit by hand", {"fields": FIELDS}),)
    readonly_fields: ClassVar[Any] = ()
    missing, locked = moment_column("missing_since", "missing since"), listing.locked

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[listing.MasterList]:
        return listing.MasterList

    def meant_by(self, term: str) -> Q:
        found = super().meant_by(term)
        return found if term.isdigit() else key_prefix("movie_id", term)

    # --- one show ---------------------------------------------------------------------------

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        show = kwargs.get("obj")
        more = page.context(request, self._as_stored(show)) if show else {}
        return super().render_change_form(request, {**context, **more}, *args, **kwargs)

    def _as_stored(self, show: Any) -> Any:
        """A form that was refused has written into the row at hand."""
        stored: Any = MasterShow.objects.get(pk=show.pk)
        stored.zone, stored.cinema = show.zone, show.cinema
        return stored

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All that there is to look at stands above the form."""
        return super().get_fieldsets(request, obj) if self._asks(request, obj) else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store the edited fields alone; a refusal is told, and nothing is stored."""
        form.refused = False
        try:
            changed = edit_show(
                obj.pk, form.edited, seen=form.cleaned_data["seen"], keep=form.kept,
                by=request.user, why=why_said(request), now=timezone.now(),
            )  # fmt: skip
        except OperatorError as error:
            request.refused = True  # type: ignore[attr-defined]
            messages.error(request, f"{error.cause} {error.cure}")
            return
        if changed and form.kept.mode:
            messages.info(request, f"Kept from the feed: {', '.join(map(field_name, changed))}.")

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None if _is_refused(request) else super().log_change(request, obj, message)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if _is_refused(request):
            return HttpResponseRedirect(request.get_full_path())
        return super().response_change(request, obj)

    # --- who may what, and where it is done -------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.has_perm(EDIT))

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<str:object_id>/lock/", doing.lock, name="reconcile_mastershow_lock"),
            path("<str:object_id>/unlock/", doing.unlock, name="reconcile_mastershow_unlock"),
            *super().get_urls(),
        ]


def _is_refused(request: HttpRequest) -> bool:
    return getattr(request, "refused", False)
