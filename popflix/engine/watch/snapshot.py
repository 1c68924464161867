"""What a tick looks at: a fixed number of queries, each with a bound."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Iterable

from django.db import DatabaseError
from django.db.models import F, Q, QuerySet

from popflix.engine import q2, recovery
from popflix.engine.liveness import Process, is_alive
from popflix.engine.models import Pause, Run, RunStatus, Schedule
from popflix.engine.models.schedules import Overlap
from popflix.engine.pauses import RUN_IS_PAUSED
from popflix.engine.registry import Mode, Registry, Unit
from popflix.engine.schedules.checking import problems
from popflix.engine.slots import active_keys
from popflix.engine.watch.decide import FIRST_PATIENCE_SECONDS
from popflix.engine.watch.seen import (
    FreeSeen,
    HeldSeen,
    ParentSeen,
    ScheduleSeen,
    Snapshot,
    UnitSeen,
)

log = logging.getLogger(__name__)
MOST_AT_ONCE = 300  # rows of one kind; the next tick goes on behind them


class Looking:
    """Takes snapshots, and remembers how far it came where there was more than one read."""

    def __init__(self, registry: Registry, *, is_sites_own: bool) -> None:
        self._registry, self._is_sites_own = registry, is_sites_own
        self._after: dict[str, str] = {}

    def take(self, now: dt.datetime) -> Snapshot:
        due, unreadable = self._due_schedules(now)
        slotless = self._known(self._page("slotless", _free(now).filter(slot=None)))
        in_slots = self._known(self._page("free", _free(now).filter(slot__isnull=False)))
        free = [*in_slots, *slotless]
        parents = _childless(self._page("parents", _active().exclude(mode="")))
        held = self._page("held", _active().filter(pid__isnull=False))
        begun = [each for each in parents if not _waits(each)]
        waiting = self._known(each for each in parents if _waits(each))
        names = {run.unit for run in (*waiting, *slotless)} | {each.unit for each in due}
        active = _in_the_way(names, [each.pk for each in due])
        return Snapshot(
            now,
            units=self._units(names, active),
            schedules=[self._schedule(each, active, now) for each in due],
            unreadable_schedules=unreadable,
            held=[_as_held(each, now) for each in held],
            free=[_as_free(each) for each in free],
            parents=[ParentSeen(each.pk, each.unit, _waits(each)) for each in (*begun, *waiting)],
            waiting_deliveries=q2.waiting_deliveries() if free else 0,
        )

    def _known(self, runs: Iterable[Run]) -> list[Run]:
        return [run for run in runs if self._registry.find(run.unit) is not None]

    def _page(self, kind: str, rows: QuerySet[Run]) -> list[Run]:
        """Along the index of keys: it holds active runs alone, however long the history is."""
        behind = rows.filter(active_key__gt=self._after.get(kind, ""))
        page = list(behind.order_by("active_key")[:MOST_AT_ONCE])
        is_full = len(page) == MOST_AT_ONCE
        self._after[kind] = page[-1].active_key or "" if is_full else ""
        return sorted(page, key=lambda run: run.pk)

    # --- schedules ----------------------------------------------------------------------

    def _due_schedules(self, now: dt.datetime) -> tuple[list[Schedule], list[int]]:
        """Those whose time has come, and the numbers of those that cannot be read at all.

        Units that a registry of somebody's own does not know belong to the site's watchers.
        """
        due = Schedule.objects.filter(Q(next_at=None) | Q(next_at__lte=now), is_enabled=True)
        if not self._is_sites_own:
            due = due.filter(unit__in=self._registry.names())
        due = due.order_by("next_at", "pk")
        try:
            return list(due[:MOST_AT_ONCE]), []
        except DatabaseError:
            raise
        except Exception as error:  # a value no column of ours could hold
            log.warning("a schedule cannot be read, reading them one by one: %s", error)
        return _one_by_one(due)

    def _schedule(
        self, schedule: Schedule, active: Iterable[Run], now: dt.datetime
    ) -> ScheduleSeen:
        problem = " ".join(problems(schedule, self._registry, now).values())
        unit = self._registry.find(schedule.unit)
        own = [run for run in active if run.schedule_id == schedule.pk and not run.parent_id]
        return ScheduleSeen(
            schedule.pk,
            schedule.unit,
            schedule.cadence,
            schedule.slot_at,
            schedule.next_at,
            may_queue=schedule.overlap == Overlap.QUEUE,
            jitter_seconds=schedule.jitter_seconds,
            problem=problem,
            unready="" if problem or unit is None else _why_unready(unit),
            own=[run.pk for run in own],
            waiting=[run.pk for run in own if run.slot is None and run.mode != Mode.SPREAD],
        )

    def _units(self, names: Collection[str], active: Iterable[Run]) -> dict[str, UnitSeen]:
        whys = _why_paused(names)
        units = [unit for name in sorted(names) if (unit := self._registry.find(name))]
        return {
            unit.name: _as_unit(unit, [run for run in active if run.unit == unit.name], whys)
            for unit in units
        }


def _one_by_one(due: QuerySet[Schedule]) -> tuple[list[Schedule], list[int]]:
    read, unreadable = [], []
    for pk in due.values_list("pk", flat=True)[:MOST_AT_ONCE]:
        try:
            read += list(Schedule.objects.filter(pk=pk))
        except DatabaseError:
            raise
        except Exception:
            unreadable.append(pk)
    return read, unreadable


def _why_unready(unit: Unit) -> str:
    try:
        return unit.ready()
    except Exception as error:
        log.exception("whether %s is ready cannot be told", unit.name)
        return f"{type(error).__name__}: {error}"


def _as_unit(unit: Unit, active: list[Run], whys: dict[str, str]) -> UnitSeen:
    held = [run.pk for run in active if run.slot is not None]
    spreading = [run.pk for run in active if run.mode == Mode.SPREAD]
    free = max(unit.slots - len(held), 0)
    return UnitSeen(
        free=free,
        in_the_way=spreading or ([] if free else held),
        can_wait=unit.mode != Mode.SPREAD,
        why_paused=whys.get(unit.name, ""),
    )


def _why_paused(names: Collection[str]) -> dict[str, str]:
    if not names:
        return {}
    held = Pause.objects.filter(unit__in=names).order_by("-at")
    return {each.unit: f"paused by {each.by}: {each.why}" for each in held}


# --- runs -----------------------------------------------------------------------------------


def _active() -> QuerySet[Run]:
    """With what is large left behind: no parameters, results, errors."""
    return Run.objects.filter(active_key__gt="").defer("params", "result", "error")


def _in_the_way(names: Collection[str], schedules: Collection[int]) -> list[Run]:
    """The active runs of these units that hold slots or belong to one of the schedules."""
    if not names:
        return []
    wanted = Q()
    for name in names:
        wanted |= active_keys(name)
    matters = Q(slot__isnull=False) | Q(mode=Mode.SPREAD) | Q(schedule_id__in=schedules)
    only = ("unit", "slot", "mode", "schedule_id", "parent_id")
    return list(Run.objects.filter(wanted, matters).order_by("pk").only(*only))


def _free(now: dt.datetime) -> QuerySet[Run]:
    """Runs on the queue that are due and that nobody took, but for those delivered just now."""
    lately = now - dt.timedelta(seconds=FIRST_PATIENCE_SECONDS)
    is_due = Q(resume_at__lte=now) | Q(resume_at=None)
    is_undelivered = (
        Q(dispatched_at__lte=lately)
        | Q(dispatched_at__lt=F("resume_at"))
        | Q(status=RunStatus.WAITING, resume_at=None)
    )
    return _active().filter(
        ~RUN_IS_PAUSED,
        is_due,
        is_undelivered,
        status__in=(RunStatus.QUEUED, RunStatus.WAITING),
        mode="",
        pid__isnull=True,
        dispatched_at__isnull=False,
    )


def _childless(parents: list[Run]) -> list[Run]:
    """Those none of whose children is active."""
    if not parents:
        return []
    children = _active().filter(parent__in=[parent.pk for parent in parents])
    with_children = set(children.values_list("parent_id", flat=True))
    return [parent for parent in parents if parent.pk not in with_children]


def _waits(parent: Run) -> bool:
    return parent.slot is None and parent.mode != Mode.SPREAD


def why_gone(run: Run, now: dt.datetime) -> str:
    """As `recovery.why_lost`; but a foreground run whose process lives here is its terminal's for
    a day without a beat: somebody suspended it. Then its end was not stored."""
    is_foreground = run.dispatched_at is None
    heard_at = run.heartbeat_at or run.queued_at
    is_recent = heard_at + dt.timedelta(seconds=recovery.NOT_BEGUN_SECONDS) >= now
    process = Process(run.host, run.pid or 0, run.process_started_at)
    if is_foreground and is_recent and is_alive(process):
        return ""
    return recovery.why_lost(run, now)


def _as_held(run: Run, now: dt.datetime) -> HeldSeen:
    return HeldSeen(
        run.pk,
        run.fence,
        why_gone=why_gone(run, now),
        is_running=run.status == RunStatus.RUNNING,
        progressed_at=run.progressed_at,
    )


def _as_free(run: Run) -> FreeSeen:
    assert run.dispatched_at is not None
    return FreeSeen(
        run.pk,
        run.unit,
        run.fence,
        run.dispatched_at,
        run.dispatch_count,
        run.resume_at,
        needs_slot=run.slot is None,
        waits_for_unit=run.status == RunStatus.WAITING and run.resume_at is None,
    )
