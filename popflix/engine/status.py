"""What each unit is doing, in a fixed number of queries, however many units and runs there are."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from popflix.engine.models import Event, Pause, Run, Schedule, Supervisor
from popflix.engine.registry import Mode, Registry, Unit
from popflix.engine.states import Kind, unit_status
from popflix.engine.unit_views import ActiveRun, LastRun, PauseView, SupervisorView, UnitView
from popflix.lib.redact import redact

__all__ = ["UnitView", "nobody_works", "overview", "supervisors", "why_not_ready"]


def overview(registry: Registry, now: dt.datetime) -> list[UnitView]:
    """Every unit of the registry, by name."""
    units = registry.units()
    pauses = _pauses()
    active = _active(now)
    last = _last_ended(units)
    reset = _reset_since(last)
    firings = _firings()
    return [
        _view(
            unit,
            pauses.get(unit.name, []),
            active.get(unit.name, []),
            last.get(unit.name),
            unit.name in reset,
            firings.get(unit.name, _NEVER),
        )
        for unit in units
    ]


def supervisors(now: dt.datetime) -> list[SupervisorView]:
    """By host; those that went silent without leaving are among them."""
    return [
        SupervisorView(
            each.host,
            each.pid,
            each.workers,
            each.replaced_count,
            each.started_at,
            max(0.0, (now - each.beat_at).total_seconds()),
        )
        for each in Supervisor.objects.order_by("host", "pid")
    ]


def nobody_works(found: Iterable[SupervisorView]) -> str:
    """The sentence for an operator; empty where some supervisor was heard of just now."""
    if any(each.is_heard for each in found):
        return ""
    return "No worker is running: start one with `manage.py work`."


# --- one query each ---------------------------------------------------------------------------


def _pauses() -> dict[str, list[PauseView]]:
    found = defaultdict(list)
    for each in Pause.objects.order_by("at", "pk"):
        found[each.unit].append(PauseView(each.holder, each.by, each.why, each.at))
    return found


_COLUMNS = (
    "id", "unit", "slot", "status", "mode", "parent_id", "done_count", "total_count",
    "failed_count", "queued_at", "started_at", "resume_at", "wait_reason", "host", "pid",
)  # fmt: skip


def _active(now: dt.datetime) -> dict[str, list[ActiveRun]]:
    found = defaultdict(list)
    # By the index: SQLite would read the whole table for what is not NULL, or for the order.
    rows = Run.objects.filter(active_key__gt="").order_by().values(*_COLUMNS, "heartbeat_at")
    for row in sorted(rows, key=itemgetter("id")):
        beat_at = row.pop("heartbeat_at")
        is_held = row["pid"] is not None and beat_at is not None
        silent = (now - beat_at).total_seconds() if is_held else None
        found[row["unit"]].append(ActiveRun(**row, silent_seconds=silent))
    return {name: _with_shares(runs) for name, runs in found.items()}


def _with_shares(runs: list[ActiveRun]) -> list[ActiveRun]:
    """A spread run counts a child when it ends: add what the active ones have done so far."""
    done: Counter[int | None] = Counter()
    failed: Counter[int | None] = Counter()
    for run in runs:
        done[run.parent_id] += run.done_count
        failed[run.parent_id] += run.failed_count
    return [
        replace(
            run,
            done_count=run.done_count + done[run.id],
            failed_count=run.failed_count + failed[run.id],
        )
        if run.mode == Mode.SPREAD
        else run
        for run in runs
    ]


def _last_ended(units: Iterable[Unit]) -> dict[str, dict[str, Any]]:
    """The newest ended run of each unit, with the number of its last event.

    One walk down the index (unit, newest) for each unit: grouping would read every run there is.
    """
    newest: list[Any] = [Subquery(_ended(unit).order_by("-pk").values("pk")[:1]) for unit in units]
    if not newest:
        return {}
    its_events = Event.objects.filter(run_id=OuterRef("pk")).order_by("-pk").values("pk")
    # MariaDB takes a LIMIT in a list of subqueries, not in one alone; no run has the number 0.
    newest.append(0)
    rows = Run.objects.filter(pk__in=newest).annotate(last_event=Subquery(its_events[:1]))
    columns = ("id", "unit", "status", "finished_at", "error", "last_event")
    return {row["unit"]: row for row in rows.values(*columns)}


def _ended(unit: Unit) -> QuerySet[Run]:
    # Not `active_key IS NULL`: SQLite would walk that column's index through all ended runs.
    ended = Run.objects.filter(unit=unit.name, finished_at__isnull=False)
    # The shares of a spread run are newer than the run that tells how it went.
    return ended.exclude(parent__unit=unit.name) if unit.mode == Mode.SPREAD else ended


def _reset_since(last: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The units that were reset after their last run ended: each a short range of one index.

    A run outlives its events, and resets outlive both: then the instants tell.
    """
    after = Q()
    for name, row in last.items():
        if row["last_event"] is None:
            after |= Q(unit=name, at__gt=row["finished_at"])
        else:
            after |= Q(unit=name, pk__gt=row["last_event"])
    if not after:
        return set()
    return set(Event.objects.filter(after, kind=Kind.RESET).values_list("unit", flat=True))


@dataclass(frozen=True)
class _Firing:
    next_at: dt.datetime | None
    error: str


_NEVER = _Firing(None, "")


def _firings() -> dict[str, _Firing]:
    found: dict[str, _Firing] = {}
    rows = Schedule.objects.filter(is_enabled=True).order_by("unit", "pk")
    for unit, next_at, error in rows.values_list("unit", "next_at", "error"):
        had = found.get(unit, _NEVER)
        fires_at = None if error else next_at  # a broken one has when it is looked at again
        instants = [at for at in (had.next_at, fires_at) if at is not None]
        found[unit] = _Firing(min(instants, default=None), had.error or error)
    return found


# --- putting together -------------------------------------------------------------------------


def _view(
    unit: Unit,
    pauses: Sequence[PauseView],
    active: Sequence[ActiveRun],
    last: Mapping[str, Any] | None,
    is_reset: bool,
    firing: _Firing,
) -> UnitView:
    ended = None
    if last is not None:
        ended = LastRun(last["id"], last["status"], last["finished_at"], last["error"])
    status = unit_status(
        is_paused=bool(pauses),
        is_working=any(run.is_working for run in active),
        last_end=None if ended is None or is_reset else ended.status,
    )
    return UnitView(
        name=unit.name,
        title=unit.title,
        kind=_kind(unit),
        status=status,
        slots=unit.slots,
        slots_taken=sum(run.slot is not None for run in active),
        queued=sum(not run.is_working for run in active),
        active=active,
        last=ended,
        next_at=firing.next_at,
        schedule_error=firing.error,
        pauses=pauses,
        not_ready=why_not_ready(unit),
    )


def _kind(unit: Unit) -> str:
    if unit.is_process:
        return f"{unit.mode} process"
    return "spread" if unit.mode == Mode.SPREAD else "worker"


def why_not_ready(unit: Unit) -> str:
    """A unit that cannot be asked is told as not ready: one bad answer hides no other unit."""
    try:
        return unit.ready()
    except Exception as error:
        return f"cannot be asked ({redact(f'{type(error).__name__}: {error}')})"
