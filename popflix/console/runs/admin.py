"""Runs: their list, and the addresses of the page of one run."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from popflix.console import menu
from popflix.console.columns import badge_column
from popflix.console.engine_admin import UnitFilter
from popflix.console.runs import acting, columns, views
from popflix.engine.models import Run
from popflix.lib.admin import ReadOnlyAdmin, WhyForm


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    menu = (menu.WORK, 30)
    action_form = WhyForm
    actions = ("retry", "cancel")
    list_display = (
        "id", "unit_link", "state", "progress", "went_well", "failed", "when", "why",
    )  # fmt: skip
    list_filter = ("status", UnitFilter)
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("id",)
    empty_hint = "Run a unit from its page, or give it a schedule: each of its runs is kept here."

    state = badge_column("status", "run", "state")
    progress, when, why = columns.progress, columns.when, columns.why
    unit_link, went_well, failed = columns.unit_link, columns.went_well, columns.failed

    def get_list_display(self, request: HttpRequest) -> Any:
        """A button stands only where it may be pressed."""
        return (*self.list_display, *columns.next_step(request.user))

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("engine.retry_run"))

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("engine.cancel_run"))

    @admin.action(description="Retry", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        acting.each(request, queryset, acting.retry_told)

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        acting.each(request, queryset, acting.cancel_told)

    # --- pages --------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("file/<int:file_id>/", views.download, name="engine_run_file"),
            path("<int:run_id>/live/", views.live, name="engine_run_live"),
            path("<int:run_id>/retry/", views.retry, name="engine_run_retry"),
            path("<int:run_id>/cancel/", views.cancel, name="engine_run_cancel"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return views.page(self, request, object_id)
