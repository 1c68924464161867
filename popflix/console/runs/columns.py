"""The columns of the list of runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from popflix.console.pieces import moments, render
from popflix.console.units.links import unit_link as link_of_unit
from popflix.engine.models import Run, RunStatus
from popflix.engine.states import FAILED, TERMINAL, Status
from popflix.engine.views.words import cut
from popflix.lib.clock import SYSTEM_CLOCK

_CUT = 80


@admin.display(description="unit")
def unit_link(self: Any, run: Run) -> SafeString:
    return link_of_unit(run.unit)


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


@admin.display(description="when")
def when(self: Any, run: Run) -> SafeString:
    """When it was queued, and how long it took or has been at work since its start."""
    seconds = seconds_taken(run)
    if seconds is None:
        return render.moment(run.queued_at)
    words = f"{'took' if run.finished_at else 'for'} {moments.lasted(seconds)}"
    return format_html(
        '{}<br><span class="nothing nowrap">{}</span>', render.moment(run.queued_at), words
    )


def seconds_taken(run: Run) -> float | None:
    """Since its start, its waits included; None before."""
    if run.started_at is None:
        return None
    return ((run.finished_at or SYSTEM_CLOCK.now()) - run.started_at).total_seconds()


@admin.display(description="why")
def why(self: Any, run: Run) -> str:
    """One line for the list: what went wrong, or what it waits for."""
    waits = run.wait_reason if run.status not in TERMINAL else ""
    return cut(run.error or waits, _CUT)


def may_be_retried(run: Run) -> bool:
    """Part of another run it is retried as a whole."""
    return run.status in {*FAILED, RunStatus.CANCELLED} and run.parent_id is None


def next_step(user: Any) -> list[Callable[[Run], SafeString]]:
    """The column of buttons: those that this account may press; none where there are none."""
    may_retry, may_cancel = user.has_perm("engine.retry_run"), user.has_perm("engine.cancel_run")

    @admin.display(description="next step")
    def column(run: Run) -> SafeString:
        is_open = run.status in FAILED and run.dismissed_at is None
        if may_retry and is_open and may_be_retried(run):
            return _button("engine_run_retry", "Retry", run)
        if may_cancel and run.status not in TERMINAL:
            return _button("engine_run_cancel", "Cancel", run)
        return render.moment(None)

    return [column] if may_retry or may_cancel else []


def _button(url: str, label: str, run: Run) -> SafeString:
    return render.row_button(reverse(f"admin:{url}", args=[run.pk]), label, f"run {run.pk}")
