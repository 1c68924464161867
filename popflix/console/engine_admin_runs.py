"""The pages of runs: what a run did, its children and files, and Retry and Cancel for many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from popflix.console.engine_admin import UnitFilter
from popflix.engine import files, starting
from popflix.engine.models import Run, RunFile
from popflix.engine.views.controls import Asked, cancel_audited
from popflix.engine.views.words import cut, pairs
from popflix.lib import audit
from popflix.lib.admin import ReadOnlyAdmin
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError

_MOST_AT_ONCE = 200
_MOST_TOLD = 5
_EVENTS_SHOWN = 50
_CHILDREN_SHOWN = 100
_WHY = "chosen in the admin's list"


class WhyForm(ActionForm):
    """The bar of actions asks why, for the audit trail."""

    why = forms.CharField(
        required=False, max_length=200, label="Why:", widget=forms.TextInput({"size": 30})
    )


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    action_form = WhyForm
    actions = ("retry", "cancel")
    list_display = (
        "id", "unit", "status", "trigger", "done_count", "total_count", "ok_count",
        "failed_count", "queued_at", "finished_at", "error",
    )  # fmt: skip
    list_filter = ("status", UnitFilter)
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("id",)
    readonly_fields = ("children_table", "files_table", "events_table")
    fields = (
        "unit", "status", "error", "result", "params", "trigger", "attempt", "retry_of",
        "parent", "step", "mode", "slot", "children_table", "files_table",
        "done_count", "total_count", "ok_count", "failed_count",
        "queued_at", "started_at", "finished_at", "resume_at", "wait_reason",
        "cancel_requested_at", "heartbeat_at", "lease_until", "host", "pid", "fence",
        "crash_count", "dispatched_at", "dispatch_count", "dismissed_at", "events_table",
    )  # fmt: skip

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("engine.change_run"))

    # --- actions ------------------------------------------------------------------------

    @admin.action(description="Retry", permissions=["operate"])
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

    @admin.action(description="Cancel", permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        def end(run_id: int, who: str, why: str) -> str:
            run = cancel_audited(run_id, Asked(who, why, account=request.user))
            over = run.active_key is None
            return f"Run {run_id} is {run.status if over else 'asked to end after its chunk'}."

        _act(request, queryset, end)

    # --- the page of one run ------------------------------------------------------------

    @admin.display(description="children")
    def children_table(self, run: Run) -> SafeString | str:
        children = run.children.order_by("pk")[:_CHILDREN_SHOWN]
        rows = [
            (reverse("admin:engine_run_change", args=[child.pk]), str(child), child.status,
             cut(child.error, 90))
            for child in children
        ]  # fmt: skip
        return _lines('<a href="{}">{}</a> {} {}', rows)

    @admin.display(description="files")
    def files_table(self, run: Run) -> SafeString | str:
        rows = [
            (reverse("admin:engine_run_file", args=[each.pk]), each.name, each.size)
            for each in files.files_of(run.pk)
        ]
        return _lines('<a href="{}">{}</a> ({} bytes)', rows)

    @admin.display(description="events")
    def events_table(self, run: Run) -> SafeString | str:
        newest = run.events.order_by("-pk")[:_EVENTS_SHOWN]
        rows = [
            (f"{event.at:%Y-%m-%d %H:%M:%S} UTC", event.kind, event.milestone_id,
             cut(pairs(event.payload), 200))
            for event in newest
        ]  # fmt: skip
        every = format_html(
            '<br><a href="{}?run={}">All events of this run</a>',
            reverse("admin:engine_event_changelist"), run.pk,
        )  # fmt: skip
        return _lines("{} <b>{}</b> {} {}", rows) + every

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


def _lines(template: str, rows: Iterable[tuple[Any, ...]]) -> SafeString | str:
    return format_html_join(mark_safe("<br>"), template, rows) or "-"


def _act(
    request: HttpRequest, queryset: QuerySet[Any], action: Callable[[int, str, str], str]
) -> None:
    """Do it run by run, oldest first; each one that is refused says why and stops no other."""
    why = request.POST.get("why", "").strip()[:200] or _WHY
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
