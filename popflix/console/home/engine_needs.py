"""What the engine needs a person for: workers, runs, pauses, what was given up.

A fixed number of queries, however much there is. What fails often is told once: a unit by its
last run or its pause, all else by its dead letters.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from popflix.console.home.backlog_needs import letter_needs
from popflix.console.home.needs import Need, folded, of_unit, short
from popflix.console.pieces import moments
from popflix.console.pieces.tones import RUNS, UNITS, State, Tone
from popflix.engine import status
from popflix.engine.deadletters.letters import Reason
from popflix.engine.models import Pause, Run
from popflix.engine.models.pauses import Holder
from popflix.engine.registry import registry
from popflix.engine.states import FAILED, Status, UnitStatus
from popflix.engine.unit_views import ActiveRun, PauseView, UnitView
from popflix.engine.watch.decide import STUCK_SECONDS

_LATE_SECONDS = 300  # a run that could begin waits for a worker
_MAY_VIEW_RUNS = "engine.view_run"
_STANDS_STILL = State("Stands still", Tone.BAD)
_SILENT = State("Silent", Tone.BAD)
_STUCK = State("Stuck", Tone.BAD)
_LATE = State("Late", Tone.WAIT)


def engine_needs(now: dt.datetime) -> list[Need]:
    """Who works, what is wrong with runs and units, and the dead letters."""
    seen, units = _look(now), reverse("console_units")
    return [
        *_nobody_works(seen),
        *folded(list(_silent(seen)), "silent runs", units),
        *folded(list(_stuck(seen)), "runs without progress", units),
        *folded(list(_late(seen)), "late runs", units),
        *folded(list(_failed(seen)), "units whose last run failed", units),
        *folded(list(_stopped_themselves(seen)), "units that stopped themselves", units),
        *folded(list(_paused(seen)), "paused units", units),
        *letter_needs(_told(seen)),
    ]


@dataclass(frozen=True)
class _Seen:
    now: dt.datetime
    views: Sequence[UnitView]
    is_worked: bool
    stuck: Mapping[int, dt.datetime | None]  # since when, by number of the run
    letters: Mapping[int, Reason]  # of the units' last runs those that nobody has dealt with
    conditions: frozenset[str]  # units whose pause the machine ends itself

    @property
    def active(self) -> Iterator[tuple[UnitView, ActiveRun]]:
        return ((view, run) for view in self.views for run in view.active)


def _look(now: dt.datetime) -> _Seen:
    views = status.overview(registry, now)
    long_ago = now - dt.timedelta(seconds=STUCK_SECONDS)
    at_work = Run.objects.filter(status=Status.RUNNING, mode="", pid__isnull=False)
    last = [view.last.id for view in views if view.last is not None]
    failed = Run.objects.filter(pk__in=[0, *last], status__in=FAILED, dismissed_at=None)
    held = Pause.objects.filter(holder=Holder.MACHINE).exclude(condition="")
    return _Seen(
        now,
        views,
        is_worked=any(each.is_heard for each in status.supervisors(now)),
        stuck=dict(at_work.filter(progressed_at__lte=long_ago).values_list("pk", "progressed_at")),
        letters={
            key: Reason(*words)
            for key, *words in failed.values_list("pk", "unit", "status", "error_group")
        },
        conditions=frozenset(held.values_list("unit", flat=True)),
    )


def _told(seen: _Seen) -> Counter[Reason]:
    """Failed runs that are told by their unit."""
    return Counter(
        seen.letters[view.last.id]
        for view in seen.views
        if view.last and view.last.id in seen.letters and _tells(view)
    )


def _tells(view: UnitView) -> bool:
    stopped_itself = any(each.holder == Holder.MACHINE for each in view.pauses)
    return stopped_itself or view.status == UnitStatus.ERROR


# --- workers and runs ---------------------------------------------------------------------------


def _nobody_works(seen: _Seen) -> Iterator[Need]:
    if seen.is_worked:
        return
    waiting = sum(run.status == Status.QUEUED for _, run in seen.active)
    runs = "1 run waits" if waiting == 1 else f"{waiting} runs wait"
    why = "Schedules do not fire and the queue stands still. Start one with `manage.py work`."
    yield Need(
        _STANDS_STILL,
        "No worker is running",
        f"{runs} for one. {why}" if waiting else why,
        reverse("console_units"),
        "See the units",
        rank=0,
        permission=_MAY_VIEW_RUNS,
    )


def _silent(seen: _Seen) -> Iterator[Need]:
    for view, run in seen.active:
        if (run.silent_seconds or 0) > settings.POPFLIX_LEASE_SECONDS:
            heard = moments.lasted(run.silent_seconds or 0)
            why = f"Process {run.pid} on {run.host} was last heard {heard} ago. "
            why += (
                "A worker takes its work back by itself."
                if seen.is_worked
                else "Its work is taken back once a worker runs."
            )
            yield _of_run(_SILENT, view, run, "went silent", why, rank=10)


def _stuck(seen: _Seen) -> Iterator[Need]:
    for view, run in seen.active:
        since = seen.stuck.get(run.id)
        if since and (run.silent_seconds or 0) <= settings.POPFLIX_LEASE_SECONDS:
            spent = moments.lasted((seen.now - since).total_seconds())
            why = f"Nothing was done for {spent}, though its process lives. Cancel it if it hangs."
            yield _of_run(_STUCK, view, run, "makes no progress", why, rank=12)


def _late(seen: _Seen) -> Iterator[Need]:
    """A run that has its slot, is due, belongs to nobody, and is held by no pause."""
    paused = {view.name for view in seen.views if view.pauses}
    units = {run.id: run.unit for _, run in seen.active}
    for view, run in seen.active:
        is_free = run.pid is None and not run.mode and run.slot is not None
        is_held = view.name in paused or units.get(run.parent_id or 0) in paused
        late = (seen.now - (run.resume_at or run.queued_at)).total_seconds()
        if seen.is_worked and is_free and not is_held and late > _LATE_SECONDS:
            why = f"It could have begun {moments.lasted(late)} ago: every worker is busy."
            yield _of_run(_LATE, view, run, "waits for a worker", why, rank=18)


def _of_run(
    state: State, view: UnitView, run: ActiveRun, what: str, why: str, *, rank: int
) -> Need:
    return Need(
        state,
        f"Run {run.id} of {view.name} {what}",
        why,
        _run_page(run.id),
        "See the run",
        rank,
        _MAY_VIEW_RUNS,
    )


def _failed(seen: _Seen) -> Iterator[Need]:
    """A failure that was retried or discarded needs nobody; one that paused the unit is told
    as that."""
    for view in seen.views:
        if view.status == UnitStatus.ERROR and view.last and view.last.id in seen.letters:
            yield Need(
                RUNS.get(view.last.status, UNITS[UnitStatus.ERROR]),
                f"{view.name} failed",
                short(view.last.error) or "Its process died.",
                _run_page(view.last.id),
                "See why",
                rank=15,
                permission=_MAY_VIEW_RUNS,
                about=of_unit(view.name),
            )


# --- pauses -------------------------------------------------------------------------------------


def _stopped_themselves(seen: _Seen) -> Iterator[Need]:
    for view, pause in _pauses(seen, {Holder.MACHINE}):
        goes_on = (
            "It goes on by itself once that is mended."
            if view.name in seen.conditions
            else "Resume it once that is mended."
        )
        yield _of_pause(
            view,
            f"{view.name} stopped itself",
            f"{short(pause.why)} {goes_on}",
            "See the pause",
            rank=20,
            about=of_unit(view.name),
        )


def _paused(seen: _Seen) -> Iterator[Need]:
    for view, pause in _pauses(seen, {Holder.OPERATOR, Holder.ALL}):
        since = moments.relative(pause.since, seen.now, timezone.get_current_timezone())
        why = f"By {pause.by}, {since}: {short(pause.why)}"
        yield _of_pause(view, f"{view.name} is paused", why, "Resume…", rank=30)


def _pauses(seen: _Seen, holders: set[Holder]) -> Iterator[tuple[UnitView, PauseView]]:
    return ((view, each) for view in seen.views for each in view.pauses if each.holder in holders)


def _of_pause(
    view: UnitView, text: str, why: str, label: str, *, rank: int, about: str = ""
) -> Need:
    href = reverse("console_unit", args=[view.name])
    state = UNITS[UnitStatus.PAUSED]
    return Need(state, text, why, href, label, rank, _MAY_VIEW_RUNS, about)


def _run_page(run_id: int) -> str:
    return reverse("admin:engine_run_change", args=[run_id])
