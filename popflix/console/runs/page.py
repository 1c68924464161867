"""The page of a run in parts: what changes all the time, and what changes with an event."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from popflix.console.home.pace import left_seconds
from popflix.console.pieces import moments, render, vocabulary
from popflix.console.pieces.render import Entry
from popflix.console.pieces.shapes import figure
from popflix.console.runs import facts, pace, reading, results, touched, waits
from popflix.console.runs.columns import may_be_retried, seconds_taken
from popflix.console.runs.cures import cure_of
from popflix.console.runs.reading import Look
from popflix.console.runs.telling import milestone_of, told
from popflix.engine import files
from popflix.engine.models import Event, Run, RunStatus
from popflix.engine.registry import registry
from popflix.engine.states import FAILED, TERMINAL

_EVENTS_SHOWN = 15
_TRIGGERS = {
    "command": "on the command line", "admin": "in the admin", "schedule": "by its schedule",
    "retry": "as a retry", "parent": "as part of another run", "manager": "by a program",
}  # fmt: skip


def head(run: Run) -> dict[str, Any]:
    """Whose run it is: nothing of this changes."""
    first = reading.first_event(run)
    known = registry.find(run.unit)
    return {
        "run": run,
        "unit_title": known.title if known else "",
        "unit_href": reverse("console_unit", args=[run.unit]) if known else "",
        "started_how": _TRIGGERS.get(run.trigger, run.trigger),
        "by": str((first.payload if first else {}).get("by", "")),
    }


def now(look: Look) -> dict[str, Any]:
    """What changes from look to look."""
    run = look.run
    is_working = run.status == RunStatus.RUNNING
    marks = [*look.marks, *_latest(look)]
    rate = pace.recent(look.marks, look.done, look.now) if is_working else None
    taken = seconds_taken(run)
    left = left_seconds(look.done, run.total_count, rate)
    rates, allowed = pace.rates(marks), reading.allowed_rate(run.unit)
    return {
        "run": run, "look": look, "is_working": is_working, "is_silent": _is_silent(look),
        "live_href": f"{reverse('admin:engine_run_live', args=[run.pk])}?seen={look.seen}",
        "figures": [
            ("Done", f"{look.done:,}"), ("Went well", f"{look.ok:,}"),
            ("Failed", f"{look.failed:,}"),
            *([("A second, now", figure(round(rate, 1)))] if rate is not None else []),
            *([] if look.counts_workers else [("A second, mean", _mean(look.done, taken))]),
            (_taken_label(look), moments.lasted(taken) if taken is not None else "–"),
            *([("Time left", f"about {_roughly(left)}")] if left is not None else []),
        ],
        "rates": _points(rates),
        "allowed": allowed,
        "top": figure(round(max([each for _, each in rates] + [allowed or 0]), 1)),
    }  # fmt: skip


def _is_silent(look: Look) -> bool:
    """Its process has not been heard of for so long that others may take its work."""
    run = look.run
    if run.status != RunStatus.RUNNING or run.pid is None or run.heartbeat_at is None:
        return False
    return (look.now - run.heartbeat_at).total_seconds() > settings.POPFLIX_LEASE_SECONDS


def _latest(look: Look) -> list[pace.Mark]:
    """Where a run stands that has samples: what was done since the last one is drawn, too."""
    run = look.run
    at = run.finished_at or run.progressed_at
    if len(look.marks) < 2 or run.mode or at is None or at <= look.marks[-1].at:
        return []
    return [pace.Mark(at, run.done_count)]


def _mean(done: int, seconds: float | None) -> str:
    rate = None if seconds is None else pace.per_second(done, seconds)
    return "–" if rate is None else figure(round(rate, 1))


def _roughly(seconds: float) -> str:
    """In whole minutes from two minutes on: nobody waits by the second."""
    return moments.lasted(round(seconds / 60) * 60 if seconds >= 120 else seconds)


def _taken_label(look: Look) -> str:
    return "Took" if look.is_over else "Since its start"


def _points(rates: list[Any]) -> list[tuple[str, float]]:
    zone = timezone.get_current_timezone()
    return [(f"{at.astimezone(zone):%H:%M:%S}", round(rate, 1)) for at, rate in rates]


def story(look: Look) -> dict[str, Any]:
    """What changes with an event."""
    run = look.run
    oldest_first = [
        waits.Told(each.at, each.kind, str(each.payload.get("why") or ""))
        for each in reversed(look.events)
    ]
    end = run.finished_at or look.now
    every = f"{reverse('admin:engine_event_changelist')}?run={run.pk}"
    return {
        "timeline": [_entry(event) for event in look.events[:_EVENTS_SHOWN]],
        "events_href": every,
        "waits": [
            (each, moments.lasted(each.seconds)) for each in waits.waits(oldest_first, end)
            if each.is_going_on or each.seconds >= 1 or each.times > 1
        ],
        "waits_within": [
            (each, moments.lasted(each.seconds)) for each in waits.within(run.result)
        ],
    }  # fmt: skip


def _entry(event: Event) -> Entry:
    said, milestone = told(event.payload), milestone_of(event)
    state = vocabulary.state("event", event.kind)
    return Entry(event.at, state, milestone or said, said if milestone else "")


def outcome(look: Look, user: Any, retries: list[Run]) -> dict[str, Any]:
    """How it ended and the one next step."""
    run = look.run
    again = retries[-1] if retries else None
    has_failed = run.status in FAILED
    return {
        "run": run, "again": again,
        "cure": cure_of(run, again, has_log=look.log is not None) if has_failed else "",
        "cause": run.error or "It said nothing.",
        "has_failed": has_failed,
        "may_retry": may_be_retried(run) and user.has_perm("engine.retry_run")
        and (again is None or again.status in TERMINAL),
        "may_cancel": not look.is_over and user.has_perm("engine.cancel_run"),
    }  # fmt: skip


def side(look: Look, user: Any, retries: list[Run]) -> dict[str, Any]:
    """What it was given, what it gave, and what belongs to it."""
    run = look.run
    return {
        "run": run,
        "attempts": [*reading.earlier_attempts(run), run, *retries],
        "params": facts.rows({k: v for k, v in run.params.items() if v not in (None, "", [], {})}),
        "result": facts.rows({k: v for k, v in run.result.items() if k != "waits"}),
        "rendered": results.rendered(run),
        "files": list(files.files_of(run.pk)),
        "touched": touched.touched_by(run),
        "entries": reading.entries(run) if user.has_perm("lib.view_auditentry") else [],
        "hood": [(name, shown) for name, shown in _hood(run) if shown not in ("", None)],
    }


def _hood(run: Run) -> list[tuple[str, Any]]:
    return [
        ("Queued", render.moment(run.queued_at)),
        ("Started", render.moment(run.started_at)),
        ("Ended", render.moment(run.finished_at)),
        ("Goes on", render.moment(run.resume_at) if run.resume_at else ""),
        ("Last heard", render.moment(run.heartbeat_at)),
        ("Process", f"{run.pid} on {run.host}" if run.pid else ""),
        ("Slot", "" if run.slot is None else str(run.slot)),
        ("Claims", f"{run.fence:,}"),
        ("Deliveries since taken", str(run.dispatch_count) if run.dispatched_at else ""),
        ("Deaths in a row", str(run.crash_count) if run.crash_count else ""),
        ("Dismissed", render.moment(run.dismissed_at) if run.dismissed_at else ""),
    ]
