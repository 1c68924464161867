"""Crawls and their certificates: looked at; what is missing is queued with one click."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from popflix.console.doors import action
from popflix.console.pieces import render
from popflix.lib.admin import ReadOnlyAdmin, why_given
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from sync.movies.crawl_models import Certificate, Crawl, CrawlSource, CrawlState
from sync.movies.queue_missing import queue_missing
from sync.movies.screens.listing import TypeFilter
from sync.movies.screens.words import EDIT, MOVIES

_DIGITS = 18


@action(EDIT)
def queue(request: HttpRequest, object_id: str) -> str:
    is_number = object_id.isascii() and object_id.isdigit() and len(object_id) <= _DIGITS
    if not is_number:
        raise OperatorError("There is no such certificate.", "Look at the newest one.")
    asked, left = queue_missing(
        int(object_id), by=request.user, why=why_given(request), now=SYSTEM_CLOCK.now()
    )
    more = f" {left:,} more are missing: a crawl asks for all." if left else ""
    return f"Asked for: {asked:,}; the next refresh or crawl fetches them.{more}"


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    menu = (MOVIES, 30)
    list_display = ("export_name", "made", "share", "in_export", "held", "missing", "gone",
                    "gap_count")  # fmt: skip
    list_filter = (TypeFilter,)
    ordering = ("-pk",)
    list_select_related = False
    empty_hint = "Each crawl ends with one; `manage.py coverage` makes one at any time."
    fields = (
        "media_type", "export_name", "made", "share", "in_export", "held", "merged", "gone",
        "excluded", "missing", "beyond", "undated", "gap_count", "named_gaps",
    )  # fmt: skip
    readonly_fields = ("made", "share", "named_gaps")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the packed ids, which may be large."""
        return super().get_queryset(request).defer("missing_ids", "beyond_ids")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        more = {"may_queue": request.user.has_perm(EDIT), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<str:object_id>/queue/", queue, name="sync_certificate_queue"),
            *super().get_urls(),
        ]

    @admin.display(description="made")
    def made(self, certificate: Certificate) -> SafeString:
        return render.moment(certificate.made_at)

    @admin.display(description="held of what is there")
    def share(self, certificate: Certificate) -> str:
        return f"{certificate.percent:.2f} %"

    @admin.display(description="not read")
    def named_gaps(self, certificate: Certificate) -> str:
        return "; ".join(map(str, certificate.gaps)) or "nothing"


class SourceFilter(TypeFilter):
    title, parameter_name = "source", "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in CrawlSource.choices]


class CrawlStateFilter(TypeFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in CrawlState.choices]


@admin.register(Crawl)
class CrawlAdmin(ReadOnlyAdmin):
    menu = (MOVIES, 20)
    list_display = ("crawl", "state", "started", "finished", "listed_count", "new_count")
    list_filter = (TypeFilter, SourceFilter, CrawlStateFilter)
    ordering = ("-pk",)
    empty_hint = "`manage.py crawl_movies` starts one."
    fields = (
        "media_type", "source", "params", "state", "started", "finished", "until", "export_name",
        "cursor", "listed_count", "new_count", "undated_count", "open_gaps",
    )  # fmt: skip
    readonly_fields = ("started", "finished", "open_gaps")

    @admin.display(description="crawl")
    def crawl(self, crawl: Crawl) -> str:
        return f"{crawl.pk}: {crawl.get_media_type_display()}, {crawl.get_source_display()}"

    @admin.display(description="started")
    def started(self, crawl: Crawl) -> SafeString:
        return render.moment(crawl.started_at)

    @admin.display(description="finished")
    def finished(self, crawl: Crawl) -> SafeString:
        return render.moment(crawl.finished_at)

    @admin.display(description="not read")
    def open_gaps(self, crawl: Crawl) -> str:
        gaps = crawl.gaps.filter(resolved_at=None).select_related("window").order_by("pk")[:20]
        return "; ".join(f"{gap}: {gap.reason}" for gap in gaps) or "nothing"
