"""The pages of runs: what a run did, its children and files, and Retry and Cancel for many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from popflix.console import run_page
from popflix.console.columns import badge_column, moment_column
from popflix.console.engine_admin import UnitFilter
from popflix.engine import starting
from popflix.engine.models import Run, RunFile
from popflix.engine.views.controls import Asked, cancel_audited
from popflix.lib import audit
from popflix.lib.admin import ReadOnlyAdmin, WhyForm, why_given
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError

_MOST_AT_ONCE = 200
_MOST_TOLD = 5


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    action_form = WhyForm
    actions = ("retry", "cancel")
    list_display = (
        "id", "unit", "state", "progress", "failed", "trigger", "queued", "took", "why",
    )  # fmt: skip
    list_filter = ("status", UnitFilter)
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("id",)
    empty_hint = "Start one with `manage.py run_unit`, or add a schedule that does."
    readonly_fields = run_page.COLUMNS
    fieldsets = run_page.FIELDSETS

    state = badge_column("status", "run", "state")
    queued = moment_column("queued_at")
    progress, took, why = run_page.progress, run_page.took, run_page.why
    failed, outcome, timeline = run_page.failed, run_page.outcome, run_page.timeline
    went_well, parts, files_kept = run_page.went_well, run_page.parts, run_page.files_kept
    started = moment_column("started_at")
    finished = moment_column("finished_at")
    resumes = moment_column("resume_at", "goes on")
    cancel_asked = moment_column("cancel_requested_at", "cancel asked")
    beat = moment_column("heartbeat_at", "last heard")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("engine.retry_run"))

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("engine.cancel_run"))

    # --- actions ------------------------------------------------------------------------

    @admin.action(description="Retry", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        def again(run_id: int, who: str, why: str) -> str:
            with transaction.atomic():
                run = starting.retry(run_id, by=who)
                target = f"{run.unit} run {run_id}"
                audit.record(
                    request.user, "retry run", at=SYSTEM_CLOCK.now(), target=target, why=why
                )
            return f"Run {run_id} is tried again as run {run.pk}."

        _act(request, queryset, again)

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        def end(run_id: int, who: str, why: str) -> str:
            run = cancel_audited(run_id, Asked(who, why, account=request.user))
            over = run.active_key is None
            return f"Run {run_id} is {run.status if over else 'asked to end after its chunk'}."

        _act(request, queryset, end)

    # --- files --------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.download))
        return [path("file/<int:file_id>/", view, name="engine_run_file"), *super().get_urls()]

    def download(self, request: HttpRequest, file_id: int) -> HttpResponse:
        """Hand out a run's file; a browser saves it and never shows it as part of this site."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = RunFile.objects.filter(pk=file_id).first()
        if found is None:
            raise Http404("There is no such file.")
        answer = HttpResponse(bytes(found.content), content_type=found.content_type)
        answer["Content-Disposition"] = content_disposition_header(True, found.name)
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return answer


def _act(
    request: HttpRequest, queryset: QuerySet[Any], action: Callable[[int, str, str], str]
) -> None:
    """Do it run by run, oldest first; each one that is refused says why and stops no other."""
    why = why_given(request)
    chosen = list(queryset.order_by("pk").values_list("pk", flat=True)[: _MOST_AT_ONCE + 1])
    done: list[str] = []
    refused: list[str] = []
    for run_id in chosen[:_MOST_AT_ONCE]:
        try:
            done.append(action(run_id, request.user.get_username(), why))
        except OperatorError as error:
            refused.append(str(error))
    if len(chosen) > _MOST_AT_ONCE:
        refused.append(f"Only the first {_MOST_AT_ONCE} were taken; choose the others again.")
    _tell(request, messages.SUCCESS, done)
    _tell(request, messages.WARNING, refused)


def _tell(request: HttpRequest, level: int, told: list[str]) -> None:
    for text in told[:_MOST_TOLD]:
        messages.add_message(request, level, text)
    if len(told) > _MOST_TOLD:
        messages.add_message(request, level, f"And {len(told) - _MOST_TOLD} more.")
