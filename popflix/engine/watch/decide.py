"""What a tick does about what it saw. Pure: a snapshot in, actions out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from popflix.engine.schedules import cadence as cadences
from popflix.engine.schedules.cadence import Due
from popflix.engine.watch.actions import (
    Action,
    Begin,
    Deliver,
    Disable,
    Fire,
    Moved,
    Pass,
    Recover,
    Refuse,
    Settle,
    Skip,
    TellStuck,
)
from popflix.engine.watch.seen import FreeSeen, ScheduleSeen, Snapshot, UnitSeen

# A delivery that nobody took is repeated after 10, 20, 40 … seconds.
FIRST_PATIENCE_SECONDS = 10
LONGEST_PATIENCE_SECONDS = 300
LOOK_AGAIN_SECONDS = 300  # at a schedule that cannot fire
STUCK_SECONDS = 15 * 60  # without progress, though its process beats


def decide(seen: Snapshot) -> list[Action]:
    """What was dropped comes first: it may free the slot that a schedule wants."""
    return [
        *_held(seen),
        *_parents(seen),
        *_deliveries(seen),
        *(Disable(pk) for pk in seen.unreadable_schedules),
        *(action for each in seen.schedules if (action := _of_schedule(each, seen)) is not None),
    ]


# --- runs ---------------------------------------------------------------------------------------


def _held(seen: Snapshot) -> Iterator[Action]:
    long_ago = seen.now - dt.timedelta(seconds=STUCK_SECONDS)
    for run in seen.held:
        if run.why_gone:
            yield Recover(run.pk, run.fence, run.why_gone)
        elif run.is_running and run.progressed_at and run.progressed_at <= long_ago:
            yield TellStuck(run.pk, run.fence, run.progressed_at)


def _parents(seen: Snapshot) -> Iterator[Action]:
    for parent in seen.parents:
        if not parent.needs_slot:
            yield Settle(parent.pk)
        elif seen.units[parent.unit].free and not seen.units[parent.unit].why_paused:
            yield Begin(parent.pk)


def _deliveries(seen: Snapshot) -> Iterator[Action]:
    """Of the runs that wait for a slot as many as there are free ones, the oldest first."""
    free = {name: unit.free for name, unit in seen.units.items()}
    for run in seen.free:
        why = _why_deliver(run, seen)
        if not why or (run.needs_slot and free[run.unit] < 1):
            continue
        if run.needs_slot:
            free[run.unit] -= 1
        yield Deliver(run.pk, run.fence, why)


def _why_deliver(run: FreeSeen, seen: Snapshot) -> str:
    if run.waits_for_unit:
        return "its unit is not paused any more"
    if run.resume_at is not None and run.dispatched_at < run.resume_at:
        return "it is due"
    nobody_since = run.dispatched_at + dt.timedelta(seconds=patience_seconds(run.dispatch_count))
    if nobody_since <= seen.now and not seen.waiting_deliveries:
        return "nobody took it"
    return ""


def patience_seconds(dispatch_count: int) -> int:
    """How long a delivery may stay untaken, growing with each that did."""
    doublings = min(max(dispatch_count - 1, 0), 10)
    return int(min(FIRST_PATIENCE_SECONDS * 2**doublings, LONGEST_PATIENCE_SECONDS))


# --- schedules ----------------------------------------------------------------------------------


def _of_schedule(schedule: ScheduleSeen, seen: Snapshot) -> Action | None:
    try:
        return _schedule(schedule, seen)
    except (OverflowError, ValueError):  # instants beyond any calendar: it stops only itself
        return Disable(schedule.pk)


def _schedule(schedule: ScheduleSeen, seen: Snapshot) -> Action | None:
    if schedule.problem:
        again_at = seen.now + dt.timedelta(seconds=LOOK_AGAIN_SECONDS)
        return Refuse(schedule.pk, schedule.unit, schedule.next_at, schedule.problem, again_at)
    if schedule.slot_at is None or schedule.next_at is None:
        return Pass(_moved(schedule, seen.now))
    due = cadences.due(schedule.cadence, schedule.slot_at, seen.now)
    moved = _moved(schedule, max(seen.now, due.slot))
    unit = seen.units[schedule.unit]
    if schedule.unready:
        return Pass(moved)
    if unit.why_paused:
        return Skip(moved, due, unit.why_paused)
    if schedule.may_queue:
        return _queue(schedule, unit, moved, due)
    if holders := schedule.own or unit.in_the_way:
        return Skip(moved, due, _in_the_way(holders), holders)
    return Fire(moved, due)


def _queue(schedule: ScheduleSeen, unit: UnitSeen, moved: Moved, due: Due) -> Action | None:
    """One run waits behind the active one. Where it would start beside it, or cannot be stored
    to wait, the slot stays due instead: None."""
    if schedule.waiting:
        return Skip(moved, due, _in_the_way(schedule.waiting), schedule.waiting)
    has_room = not unit.in_the_way
    if has_room and schedule.own:
        return None
    if not has_room and not unit.can_wait:
        return None
    return Fire(moved, due, may_queue=unit.can_wait)


def _moved(schedule: ScheduleSeen, after: dt.datetime) -> Moved:
    slot = cadences.next_slot(schedule.cadence, after)
    next_at = cadences.fires_at(slot, key=schedule.pk, jitter_seconds=schedule.jitter_seconds)
    return Moved(schedule.pk, schedule.unit, schedule.next_at, slot, next_at)


def _in_the_way(holders: Sequence[int]) -> str:
    numbers = ", ".join(str(each) for each in holders)
    return f"run {numbers} is active" if len(holders) == 1 else f"runs {numbers} are active"
