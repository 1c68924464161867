"""What the watcher does about what it saw: plain values in, plain values out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from popflix.engine.schedules.cadence import Cadence, Due, fires_at
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
from popflix.engine.watch.decide import decide, patience_seconds
from popflix.engine.watch.seen import (
    FreeSeen,
    HeldSeen,
    ParentSeen,
    ScheduleSeen,
    Snapshot,
    UnitSeen,
)

NOW = dt.datetime(2026, 3, 1, 12, 0, 3, tzinfo=dt.UTC)
SLOT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
QUARTER = dt.timedelta(minutes=15)
EVERY_QUARTER = Cadence(every_seconds=900)
DUE = ScheduleSeen(3, "demo", EVERY_QUARTER, SLOT, SLOT)
MOVED = Moved(3, "demo", SLOT, SLOT + QUARTER, SLOT + QUARTER)
FREE, BUSY = UnitSeen(), UnitSeen(free=0, in_the_way=(41,))
UNTAKEN = FreeSeen(7, "demo", 2, NOW - dt.timedelta(seconds=10))


def ago(seconds: float) -> dt.datetime:
    return NOW - dt.timedelta(seconds=seconds)


def of_schedule(schedule: ScheduleSeen, unit: UnitSeen = FREE) -> list[Action]:
    return decide(Snapshot(NOW, units={"demo": unit}, schedules=[schedule]))


def of_free(*runs: FreeSeen, unit: UnitSeen = FREE, waiting_deliveries: int = 0) -> list[Action]:
    units = {"demo": unit}
    return decide(Snapshot(NOW, units, free=runs, waiting_deliveries=waiting_deliveries))


def test_nothing_seen_is_nothing_to_do() -> None:
    assert decide(Snapshot(NOW)) == []


def test_a_due_schedule_fires_and_moves_on_to_its_next_slot() -> None:
    assert of_schedule(DUE) == [Fire(MOVED, Due(SLOT, 0))]


def test_slots_missed_while_nobody_watched_become_one_run_that_says_how_many() -> None:
    long_ago = replace(DUE, slot_at=SLOT - 8 * QUARTER, next_at=SLOT - 8 * QUARTER)
    moved = replace(MOVED, seen_next_at=SLOT - 8 * QUARTER)
    assert of_schedule(long_ago) == [Fire(moved, Due(SLOT, 8))]


def test_the_next_firing_is_drawn_with_jitter_for_its_own_slot() -> None:
    (fire,) = of_schedule(replace(DUE, jitter_seconds=300))
    assert isinstance(fire, Fire)
    assert fire.moved.next_at == fires_at(SLOT + QUARTER, key=3, jitter_seconds=300)


def test_a_schedule_without_a_next_slot_gets_one_and_starts_nothing() -> None:
    new = replace(DUE, slot_at=None, next_at=None)
    assert of_schedule(new) == [Pass(replace(MOVED, seen_next_at=None))]


def test_a_schedule_that_cannot_fire_is_refused_and_looked_at_again_later() -> None:
    (refused,) = of_schedule(replace(DUE, problem="There is no unit demo."))
    again_at = NOW + dt.timedelta(minutes=5)
    assert refused == Refuse(3, "demo", SLOT, "There is no unit demo.", again_at)


@pytest.mark.parametrize("cadence", [EVERY_QUARTER, Cadence("0 4 * * *", time_zone="Asia/Tokyo")])
def test_a_slot_beyond_every_calendar_stops_its_own_schedule_alone(cadence: Cadence) -> None:
    forced = replace(DUE, pk=4, cadence=cadence, slot_at=dt.datetime.max.replace(tzinfo=dt.UTC))
    seen = Snapshot(NOW, units={"demo": FREE}, schedules=[forced, DUE])
    assert decide(seen) == [Disable(4), Fire(MOVED, Due(SLOT, 0))]


def test_a_unit_that_is_not_ready_is_passed_over_without_a_word() -> None:
    assert of_schedule(replace(DUE, unready="no key is set")) == [Pass(MOVED)]


def test_a_paused_unit_is_skipped_with_the_reason() -> None:
    paused = UnitSeen(why_paused="paused by anna: the disk is full")
    assert of_schedule(DUE, paused) == [Skip(MOVED, Due(SLOT, 0), paused.why_paused)]


@pytest.mark.parametrize(
    ("schedule", "unit", "why", "holders"),
    [
        (DUE, BUSY, "run 41 is active", (41,)),
        (replace(DUE, own=(5,)), UnitSeen(free=3), "run 5 is active", (5,)),
        (replace(DUE, own=(5, 6)), BUSY, "runs 5, 6 are active", (5, 6)),
    ],
    ids=["no free slot", "its own earlier run", "its own are named first"],
)
def test_an_overlap_is_skipped_with_the_runs_in_the_way(
    schedule: ScheduleSeen, unit: UnitSeen, why: str, holders: tuple[int, ...]
) -> None:
    assert of_schedule(schedule, unit) == [Skip(MOVED, Due(SLOT, 0), why, holders)]


class TestOverlapQueue:
    queueing = replace(DUE, may_queue=True)

    def test_starts_at_once_where_nothing_is_in_the_way(self) -> None:
        assert of_schedule(self.queueing) == [Fire(MOVED, Due(SLOT, 0), may_queue=True)]

    def test_lets_one_run_wait_for_a_slot(self) -> None:
        fire = Fire(MOVED, Due(SLOT, 0), may_queue=True)
        assert of_schedule(replace(self.queueing, own=(5,)), BUSY) == [fire]

    def test_skips_while_one_waits_already(self) -> None:
        waiting = replace(self.queueing, own=(5, 6), waiting=(6,))
        assert of_schedule(waiting, BUSY) == [Skip(MOVED, Due(SLOT, 0), "run 6 is active", (6,))]

    def test_stays_due_where_it_would_start_beside_its_own_run(self) -> None:
        assert of_schedule(replace(self.queueing, own=(5,)), UnitSeen(free=1)) == []

    def test_stays_due_where_no_run_can_be_stored_to_wait(self) -> None:
        spread = replace(BUSY, can_wait=False)
        assert of_schedule(self.queueing, spread) == []
        fire = Fire(MOVED, Due(SLOT, 0), may_queue=False)
        assert of_schedule(self.queueing, replace(FREE, can_wait=False)) == [fire]


def test_a_row_that_cannot_be_read_is_disabled() -> None:
    assert decide(Snapshot(NOW, unreadable_schedules=[9])) == [Disable(9)]


def test_a_run_whose_process_is_gone_is_recovered() -> None:
    assert decide(Snapshot(NOW, held=[HeldSeen(7, 2, "gone"), HeldSeen(8, 1)])) == [
        Recover(7, 2, "gone")
    ]


@pytest.mark.parametrize(
    ("held", "is_told"),
    [
        (HeldSeen(7, 2, progressed_at=ago(900)), True),
        (HeldSeen(7, 2, progressed_at=ago(899)), False),
        (HeldSeen(7, 2, progressed_at=None), False),
        (HeldSeen(7, 2, is_running=False, progressed_at=ago(9000)), False),
    ],
)
def test_a_run_that_beats_without_progress_for_a_quarter_is_told(
    held: HeldSeen, is_told: bool
) -> None:
    told = decide(Snapshot(NOW, held=[held]))
    assert told == ([TellStuck(7, 2, ago(900))] if is_told else [])


def test_a_delivery_that_nobody_took_is_repeated_ever_later() -> None:
    assert [patience_seconds(count) for count in (0, 1, 2, 3, 5, 6, 99)] == [
        10, 10, 20, 40, 160, 300, 300,
    ]  # fmt: skip
    assert of_free(UNTAKEN) == [Deliver(7, 2, "nobody took it")]
    assert of_free(replace(UNTAKEN, dispatch_count=2)) == []


def test_nothing_is_repeated_while_the_queue_still_has_deliveries_to_give_out() -> None:
    assert of_free(UNTAKEN, waiting_deliveries=1) == []


def test_a_parked_run_is_delivered_as_it_falls_due() -> None:
    parked = replace(UNTAKEN, dispatched_at=ago(1200), resume_at=ago(1), dispatch_count=4)
    assert of_free(parked, waiting_deliveries=5) == [Deliver(7, 2, "it is due")]
    delivered = replace(parked, dispatched_at=ago(0.5), dispatch_count=1)
    assert of_free(delivered) == []


def test_a_run_that_waited_for_its_unit_is_delivered_once_that_is_resumed() -> None:
    (deliver,) = of_free(replace(UNTAKEN, waits_for_unit=True), waiting_deliveries=5)
    assert deliver == Deliver(7, 2, "its unit is not paused any more")


def test_as_many_waiting_runs_are_delivered_as_there_are_free_slots() -> None:
    waiting = [replace(UNTAKEN, pk=pk, needs_slot=True) for pk in (7, 8, 9)]
    assert of_free(*waiting, unit=UnitSeen(free=2)) == [
        Deliver(7, 2, "nobody took it"),
        Deliver(8, 2, "nobody took it"),
    ]
    assert of_free(*waiting, unit=BUSY) == []


def test_a_parent_whose_children_have_ended_is_ended() -> None:
    assert decide(Snapshot(NOW, parents=[ParentSeen(7, "gone")])) == [Settle(7)]


@pytest.mark.parametrize(
    ("unit", "begins"), [(FREE, True), (BUSY, False), (UnitSeen(why_paused="paused"), False)]
)
def test_a_process_that_waits_begins_when_its_slot_is_free(unit: UnitSeen, begins: bool) -> None:
    waiting = ParentSeen(7, "demo", needs_slot=True)
    actions = decide(Snapshot(NOW, units={"demo": unit}, parents=[waiting]))
    assert actions == ([Begin(7)] if begins else [])


def test_what_was_dropped_comes_before_what_is_new() -> None:
    seen = Snapshot(
        NOW,
        {"demo": FREE},
        schedules=[DUE],
        held=[HeldSeen(7, 2, "gone")],
        free=[UNTAKEN],
        parents=[ParentSeen(8, "demo")],
    )
    assert [type(action) for action in decide(seen)] == [Recover, Settle, Deliver, Fire]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (Fire(MOVED, Due(SLOT, 0)), "start demo: schedule 3"),
        (Skip(MOVED, Due(SLOT, 0), "busy"), "skip demo: schedule 3: busy"),
        (Pass(MOVED), "pass over demo until 2026-03-01 12:15:00+00:00"),
        (Refuse(3, "demo", SLOT, "bad", NOW), "refuse schedule 3 of demo: bad"),
        (Disable(3), "disable schedule 3: it cannot be read"),
        (Recover(7, 2, "gone"), "recover run 7: gone"),
        (Deliver(7, 2, "it is due"), "deliver run 7: it is due"),
        (Begin(7), "begin run 7: its slot is free"),
        (Settle(7), "end run 7: its workers have ended"),
        (TellStuck(7, 2, NOW), "note that run 7 makes no progress"),
    ],
)
def test_every_action_reads_as_a_line(action: Action, told: str) -> None:
    assert str(action) == told
