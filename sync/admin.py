"""Plain pages of titles and their media links; Retry and Unlock as bulk actions.

What an operator edits here is locked: enrichment keeps it until it is unlocked.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.validators import MinValueValidator, URLValidator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from popflix.console.columns import badge_column, moment_column
from popflix.console.pieces import render, vocabulary
from popflix.console.pieces.tones import State, Tone
from popflix.lib.admin import BigTableAdmin, ReadOnlyAdmin, WhyForm, key_prefix, why_given
from sync.links.decide import LINK_FIELDS
from sync.links.editing import edit_link, retry_links, unlock_links
from sync.links.models import Enrichment, FailureKind, MediaLinks, ProcessedStatus, Title
from sync.links.tconst import parse_tconst

_SUMMARY_LENGTH = 90
_STATES = {
    ProcessedStatus.PENDING.value: State("Pending", Tone.WAIT),
    ProcessedStatus.SUCCESS.value: State("Success", Tone.OK),
    ProcessedStatus.FAILED.value: State("Failed", Tone.BAD),
}
vocabulary.register("media link", _STATES)
_SEARCH_HELP = "An IMDb id or its beginning (tt0111), or the address of IMDb's page."


def search_by_id(rows: QuerySet[Any], field: str, term: str) -> QuerySet[Any]:
    """Exact id or a prefix of it: both are ranges on the primary key."""
    term = term.strip()
    if not term:
        return rows
    found = Q(**{field: parse_tconst(term) or term})
    if term.isascii() and term.removeprefix("tt").isdigit():
        found |= key_prefix(field, f"tt{term.removeprefix('tt')}")
    return rows.filter(found)


@admin.register(Title)
class TitleAdmin(ReadOnlyAdmin):
    list_display = (
        "tconst", "title_type", "primary_title", "original_title", "start_year", "genres",
    )  # fmt: skip
    search_fields = ("tconst",)
    search_help_text = _SEARCH_HELP
    ordering = ("tconst",)
    sortable_by: ClassVar[Any] = ("tconst",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return search_by_id(queryset, "tconst", search_term), False


class KindFilter(admin.SimpleListFilter):
    """By a fixed list: Django's own filter would read the whole table for the values."""

    title = "failure kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in FailureKind.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in FailureKind.values:
            return queryset
        return queryset.filter(enrichment__failure_kind=self.value())


def _of_work(name: str) -> Any:
    """A column of the companion row; an adopted link may have none yet."""

    @admin.display(description=name.replace("_", " "))
    def column(self: Any, link: MediaLinks) -> Any:
        value = getattr(_work(link), name)
        return "-" if value in ("", [], None) else value

    return column


def _work(link: MediaLinks) -> Enrichment:
    found: Enrichment | None = getattr(link, "enrichment", None)
    return found or Enrichment(link=link)


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
        for name, field in self.fields.items():
            is_id = name == "tmdb_id"
            field.widget.attrs["class"] = "vTextField" if is_id else "vLargeTextField"
            field.validators.append(
                MinValueValidator(1) if is_id else URLValidator(schemes=["https", "http"])
            )


@admin.register(MediaLinks)
class MediaLinksAdmin(BigTableAdmin):
    form = MediaLinksForm
    list_display = (
        "imdb_id", "name", "state", "failure", "summary", "next_try",
    )  # fmt: skip
    empty_hint = "Load titles with `manage.py import_imdb`; each gets its links row by itself."
    list_filter = ("processed_status", KindFilter)
    list_select_related = ("title", "enrichment")
    search_fields = ("title",)
    search_help_text = _SEARCH_HELP
    ordering = ("title_id",)
    sortable_by: ClassVar[Any] = ("imdb_id",)
    action_form = WhyForm
    actions = ("retry", "unlock")
    operators_may = ("change",)
    readonly_fields = (
        "name", "state", "failure", "reason", "poster_reason", "trailer_reason", "candidates",
        "locked_fields", "attempts", "next_try", "fetched", "updated",
    )  # fmt: skip
    fields = ("name", "state", "failure", "reason", *LINK_FIELDS, *readonly_fields[4:])

    attempts = _of_work("attempts")
    candidates = _of_work("candidates")
    locked_fields = _of_work("locked_fields")
    poster_reason = _of_work("poster_reason")
    trailer_reason = _of_work("trailer_reason")

    state = badge_column("processed_status", "media link", "state")

    updated = moment_column("last_updated")

    @admin.display(description="fetched")
    def fetched(self, link: MediaLinks) -> SafeString:
        return render.moment(_work(link).fetched_at)

    @admin.display(description="failure")
    def failure(self, link: MediaLinks) -> str:
        kind = _work(link).failure_kind
        return FailureKind(kind).label if kind in FailureKind.values else kind or "-"

    @admin.display(description="next try")
    def next_try(self, link: MediaLinks) -> SafeString:
        return render.moment(_work(link).due_at)

    @admin.display(description="IMDb id", ordering="title_id")
    def imdb_id(self, link: MediaLinks) -> str:
        return str(link.pk)

    @admin.display(description="title")
    def name(self, link: MediaLinks) -> SafeString:
        year = f" ({link.title.start_year})" if link.title.start_year else ""
        return format_html("<bdi>{}</bdi>", f"{link.title.primary_title}{year}")

    @admin.display(description="why")
    def reason(self, link: MediaLinks) -> str:
        work = _work(link)
        return work.last_error or f"{work.poster_reason} {work.trailer_reason}".strip()

    @admin.display(description="why")
    def summary(self, link: MediaLinks) -> str:
        """One line for the list: what went wrong, else what is missing and why."""
        work = _work(link)
        found = (
            (link.poster_url, work.poster_reason),
            (link.trailer_embed_url, work.trailer_reason),
        )
        missing = " ".join(why for url, why in found if not url and why)
        has_all = "Poster and trailer." if work.fetched_at else "Not asked yet."
        return Truncator(work.last_error or missing or has_all).chars(_SUMMARY_LENGTH)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return search_by_id(queryset, "title_id", search_term), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store the edited fields alone: enrichment may be writing the others."""
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        if edit_link(obj.pk, values, by=request.user, now=timezone.now()):
            messages.info(request, f"Locked against enrichment: {', '.join(values)}.")

    @admin.action(description="Retry now", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        why = why_given(request)
        count = retry_links(_keys(queryset), by=request.user, why=why, now=timezone.now())
        messages.success(request, f"{count} titles are due now; sync_tmdb asks TMDB again.")

    @admin.action(description="Unlock and retry now", permissions=["change"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        why = why_given(request)
        count = unlock_links(_keys(queryset), by=request.user, why=why, now=timezone.now())
        messages.success(request, f"{count} titles are unlocked and due now.")


def _keys(queryset: QuerySet[Any]) -> list[str]:
    return list(queryset.values_list("pk", flat=True))
