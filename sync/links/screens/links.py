"""Media links: their list, the page of one title's, and the addresses of what is done there.

What an operator edits here is locked: enrichment keeps it until it is unlocked.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.validators import MinValueValidator, URLValidator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from popflix.lib.admin import AskWhy, BigTableAdmin, WhyForm, why_given, why_said
from sync.links.decide import LINK_FIELDS
from sync.links.editing import edit_link, retry_links, unlock_links
from sync.links.models import MediaLinks
from sync.links.screens import cells, doing, matching, page
from sync.links.screens.listing import (
    LINK_FILTERS,
    AfterFilter,
    InOrder,
    LinksList,
    choice_of,
    found,
)
from sync.links.screens.of_run import RunFilter
from sync.links.screens.words import RETRY, SEARCH_HELP, START, TITLES
from sync.links.waking import wake

_MOST_CHOSEN = 1000


class MediaLinksForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's is not generic
    """Addresses are http or https: whatever stands here ends up in pages."""

    class Meta:
        model = MediaLinks
        fields = LINK_FIELDS
        labels: ClassVar[Any] = {
            "tmdb_id": "TMDB id", "poster_url": "Poster", "trailer_embed_url": "Trailer",
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(LINK_FIELDS) & set(self.fields):
            field, is_id = self.fields[name], name == "tmdb_id"
            field.widget.attrs["class"] = "vTextField" if is_id else "vLargeTextField"
            field.validators.append(
                MinValueValidator(1) if is_id else URLValidator(schemes=["https", "http"])
            )


@admin.register(MediaLinks)
class MediaLinksAdmin(AskWhy, BigTableAdmin):
    menu = (TITLES, 10)
    form = MediaLinksForm
    paginator = InOrder
    list_display = (
        "picture", "name", "state", "summary", "trailer", "attempts", "tried", "again",
    )  # fmt: skip
    list_display_links = ("name",)
    empty_hint = "Load titles with `manage.py import_imdb`; each gets its links row by itself."
    list_filter = (*LINK_FILTERS, RunFilter, AfterFilter)
    search_fields = ("title",)
    search_help_text = SEARCH_HELP
    ordering = ("title_id",)
    action_form = WhyForm
    actions = ("retry", "unlock")
    operators_may = ("change",)
    fieldsets = (("Edit by hand", {"fields": LINK_FIELDS}),)

    picture, name, state, summary = cells.picture, cells.name, cells.state, cells.summary
    trailer, attempts, again = cells.trailer, cells.attempts, cells.again
    tried = cells.tried

    # --- the list -------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LinksList]:
        return LinksList

    def get_list_display(self, request: HttpRequest) -> Any:
        """A button stands only where it may be pressed."""
        shown = super().get_list_display(request)
        return shown if self.has_retry_permission(request) else shown[:-1]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return found(request, queryset, search_term), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        more = {
            "may_sync": request.user.has_perm(START),
            "may_retry_all": self.has_retry_permission(request)
            and choice_of(request.GET).is_narrowed,
        }
        answer: HttpResponse = super().changelist_view(request, {**more, **(extra_context or {})})
        return answer

    # --- one title ------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        more = {**page.context(request, object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All that there is to look at stands above the form."""
        return super().get_fieldsets(request, obj) if self._asks(request, obj) else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store the edited fields alone: enrichment may be writing the others."""
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        why = why_said(request)
        if edit_link(obj.pk, values, by=request.user, why=why, now=timezone.now()):
            messages.info(request, f"Locked against enrichment: {', '.join(values)}.")

    # --- who may what, and where it is done -----------------------------------------------

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(RETRY))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        of_all = self.admin_site.admin_view(matching.retry_all)
        return [
            path("retry-all/", of_all, name="sync_medialinks_retry_matching"),
            path("sync-now/", doing.sync_now, name="sync_medialinks_sync_now"),
            path("<str:object_id>/retry/", doing.retry, name="sync_medialinks_retry"),
            path("<str:object_id>/unlock/", doing.unlock, name="sync_medialinks_unlock"),
            path("<str:object_id>/choose/", doing.choose, name="sync_medialinks_choose"),
            *super().get_urls(),
        ]

    @admin.action(description="Retry now", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        keys, why = self._chosen(request, queryset), why_given(request)
        count = retry_links(keys, by=request.user, why=why, now=timezone.now())
        woken = wake(by=request.user.get_username(), tconsts=keys)
        messages.success(request, f"Due now: {count:,}. {woken}")

    @admin.action(description="Unlock and retry now", permissions=["change"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        keys, why = self._chosen(request, queryset), why_given(request)
        count = unlock_links(keys, by=request.user, why=why, now=timezone.now())
        woken = wake(by=request.user.get_username(), tconsts=keys)
        messages.success(request, f"Unlocked and due now: {count:,}. {woken}")

    def _chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:
        """What was ticked; a whole list is too much for one request."""
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: _MOST_CHOSEN + 1])
        if len(keys) > _MOST_CHOSEN:
            messages.warning(
                request, f"Only the first {_MOST_CHOSEN:,} were taken. Narrow the list and "
                "choose “Retry all that match”.",
            )  # fmt: skip
        return keys[:_MOST_CHOSEN]
