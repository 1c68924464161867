"""The columns and the page of one run, in pieces; `engine_admin_runs` puts them together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from popflix.console.pieces import moments, render, vocabulary
from popflix.console.pieces.render import Entry
from popflix.engine import files
from popflix.engine.models import Event, Run
from popflix.engine.states import FAILED, TERMINAL, Status
from popflix.engine.views.words import cut, pairs
from popflix.lib.clock import SYSTEM_CLOCK

_EVENTS_SHOWN = 50
_CHILDREN_SHOWN = 100
_CUT = 100
_EVENT_CUT = 200
_CURE = (
    "Retry starts it again: choose it in the list of runs. What was done stays done. "
    "`manage.py dead_letters` shows everything that was given up."
)
COLUMNS = (
    "state", "progress", "went_well", "failed", "outcome", "timeline", "parts", "files_kept",
    "queued", "started", "finished", "took", "resumes", "cancel_asked", "beat",
)  # fmt: skip
FIELDSETS: Any = [
    (None, {"fields": ("unit", "state", "outcome", "progress", "went_well", "failed")}),
    ("What happened", {"fields": ("timeline",), "classes": ("alone",)}),
    ("When", {
        "fields": ("queued", "started", "finished", "took", "resumes", "wait_reason",
                   "cancel_asked"), "classes": ("pairs",)}),
    ("What it was given and what it gave", {
        "fields": ("params", "result", "files_kept", "parts", "parent", "retry_of", "trigger",
                   "attempt"), "classes": ("pairs",)}),
    ("Under the hood", {
        "fields": ("mode", "step", "slot", "beat", "lease_until", "host", "pid", "fence",
                   "crash_count", "dispatched_at", "dispatch_count", "dismissed_at"),
        "classes": ("collapse",)}),
]  # fmt: skip


@admin.display(description="progress")
def progress(self: Any, run: Run) -> SafeString:
    """Without a total there is a bar only while the run works."""
    is_working = run.status in (Status.RUNNING, Status.WAITING)
    if run.total_count is None and not is_working:
        return format_html("{}", f"{run.done_count:,}") if run.done_count else render.moment(None)
    label = f"Progress of run {run.pk}"
    return render.progress(run.done_count, run.total_count, label=label, moving=is_working)


@admin.display(description="went well")
def went_well(self: Any, run: Run) -> str:
    return f"{run.ok_count:,}"


@admin.display(description="failed")
def failed(self: Any, run: Run) -> str:
    return f"{run.failed_count:,}"


@admin.display(description="took")
def took(self: Any, run: Run) -> SafeString:
    if run.started_at is None:
        return render.moment(None)
    until = run.finished_at or SYSTEM_CLOCK.now()
    words = moments.lasted((until - run.started_at).total_seconds())
    return format_html('<span class="nowrap">{}</span>', words)


@admin.display(description="why")
def why(self: Any, run: Run) -> str:
    """One line for the list: what went wrong, or what it waits for."""
    waits = run.wait_reason if run.status not in TERMINAL else ""
    return cut(run.error or waits, _CUT)


@admin.display(description="outcome")
def outcome(self: Any, run: Run) -> SafeString | str:
    if run.status in FAILED:
        return render.problem(run.error or "It said nothing.", _CURE)
    return run.error or "-"


@admin.display(description="events")
def timeline(self: Any, run: Run) -> SafeString:
    newest = run.events.order_by("-pk")[:_EVENTS_SHOWN]
    every = f"{reverse('admin:engine_event_changelist')}?run={run.pk}"
    link = format_html('<p><a href="{}">All events of this run</a></p>', every)
    return render.timeline([_entry(event) for event in newest]) + link


def _entry(event: Event) -> Entry:
    told, milestone = _told(event.payload), milestone_of(event)
    state = vocabulary.state("event", event.kind)
    return Entry(event.at, state, milestone or told, told if milestone else "")


def _told(payload: dict[str, Any]) -> str:
    """An error alone is a sentence, not a pair."""
    text = str(payload["error"]) if set(payload) == {"error"} else pairs(payload)
    return cut(text, _EVENT_CUT)


def milestone_of(event: Event) -> str:
    """What a milestone is called; that of a change of status says nothing more than its kind."""
    is_change = event.milestone_id.startswith(f"unit.{event.unit}.")
    return "" if is_change else event.milestone_id


@admin.display(description="children")
def parts(self: Any, run: Run) -> SafeString | str:
    children = run.children.order_by("pk")[:_CHILDREN_SHOWN]
    rows = [
        (reverse("admin:engine_run_change", args=[child.pk]), str(child),
         render.badge("run", child.status), cut(child.error, 90))
        for child in children
    ]  # fmt: skip
    return _lines('<a href="{}">{}</a> {} {}', rows)


@admin.display(description="files")
def files_kept(self: Any, run: Run) -> SafeString | str:
    rows = [
        (reverse("admin:engine_run_file", args=[each.pk]), each.name, each.size)
        for each in files.files_of(run.pk)
    ]
    return _lines('<a href="{}">{}</a> ({} bytes)', rows)


def _lines(template: str, rows: Iterable[tuple[Any, ...]]) -> SafeString | str:
    return format_html_join(mark_safe("<br>"), template, rows) or "-"
