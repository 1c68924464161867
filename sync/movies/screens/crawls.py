"""Crawls: how far each is and what it could not read; and the plan of one before it begins."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from popflix.console.pieces import render, vocabulary
from popflix.console.pieces.tones import State, Tone
from popflix.lib.admin import ReadOnlyAdmin
from sync.movies.crawl_models import Crawl, CrawlSource, CrawlState
from sync.movies.screens import plans
from sync.movies.screens.listing import TypeFilter
from sync.movies.screens.words import MOVIES, RUN

_GAPS_SHOWN = 20
_NOTHING = "–"
CRAWL = "crawl"  # a group of words
vocabulary.register(
    CRAWL,
    {
        CrawlState.LISTING.value: State("Not all listed", Tone.WAIT),
        CrawlState.FETCHING.value: State("Not all fetched", Tone.WAIT),
        CrawlState.DONE.value: State("Done", Tone.OK),
    },
)


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
    list_display = ("crawl", "how", "started", "finished", "listed", "news", "certificate")
    list_filter = (TypeFilter, SourceFilter, CrawlStateFilter)
    ordering = ("-pk",)
    empty_hint = "“Plan a crawl” above, or `manage.py crawl_movies`, starts one."
    fields = readonly_fields = (
        "of", "source", "asked", "how", "started", "finished", "its_run", "export_name", "line",
        "until", "listed", "news", "undated", "open_gaps", "certificate",
    )  # fmt: skip

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        more = {"may_plan": request.user.has_perm(RUN), **(extra_context or {})}
        answer: HttpResponse = super().changelist_view(request, more)
        return answer

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("certificates")

    def get_urls(self) -> list[URLPattern]:
        return [
            path("plan/", plans.form, name="sync_crawl_plan"),
            path("plan/made/", plans.made, name="sync_crawl_planned"),
            path("plan/start/", plans.start, name="sync_crawl_start"),
            *super().get_urls(),
        ]

    @admin.display(description="crawl")
    def crawl(self, crawl: Crawl) -> str:
        return f"{crawl.pk}: {crawl.get_media_type_display()}, {crawl.get_source_display()}"

    @admin.display(description="of")
    def of(self, crawl: Crawl) -> str:
        return str(crawl.get_media_type_display())

    @admin.display(description="asked for")
    def asked(self, crawl: Crawl) -> str:
        told = (f"{name.replace('_', ' ')}: {value}" for name, value in crawl.params.items())
        return ", ".join(told) or "all there is"

    @admin.display(description="state")
    def how(self, crawl: Crawl) -> SafeString:
        return render.badge(CRAWL, crawl.state)

    @admin.display(description="started")
    def started(self, crawl: Crawl) -> SafeString:
        return render.moment(crawl.started_at)

    @admin.display(description="finished")
    def finished(self, crawl: Crawl) -> SafeString:
        return render.moment(crawl.finished_at)

    @admin.display(description="newest run")
    def its_run(self, crawl: Crawl) -> SafeString | str:
        if crawl.run_id is None:
            return _NOTHING
        url = reverse("admin:engine_run_change", args=[crawl.run_id])
        return format_html('<a href="{}">run {}</a>', url, crawl.run_id)

    @admin.display(description="lines of the export dealt with")
    def line(self, crawl: Crawl) -> str:
        return f"{crawl.cursor:,}" if crawl.export_name else _NOTHING

    @admin.display(description="ids read")
    def listed(self, crawl: Crawl) -> str:
        return f"{crawl.listed_count:,}"

    @admin.display(description="new ids")
    def news(self, crawl: Crawl) -> str:
        return f"{crawl.new_count:,}"

    @admin.display(description="without a date")
    def undated(self, crawl: Crawl) -> str:
        return _NOTHING if crawl.undated_count is None else f"{crawl.undated_count:,}"

    @admin.display(description="not read")
    def open_gaps(self, crawl: Crawl) -> str:
        gaps = crawl.gaps.filter(resolved_at=None).select_related("window").order_by("pk")
        return "; ".join(f"{gap}: {gap.reason}" for gap in gaps[:_GAPS_SHOWN]) or "nothing"

    @admin.display(description="certificate")
    def certificate(self, crawl: Crawl) -> SafeString | str:
        newest = max(crawl.certificates.all(), key=lambda each: each.pk, default=None)
        if newest is None:
            return _NOTHING
        url = reverse("admin:sync_certificate_change", args=[newest.pk])
        return format_html('<a href="{}">{} %</a>', url, f"{newest.percent:.2f}")
