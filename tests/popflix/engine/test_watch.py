"""The watcher picks up what was dropped, leaves alone what only waits, and costs little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from popflix.engine import cancelling, conditions, fence, pauses, recovery, runs, starting
from popflix.engine.context import RunContext
from popflix.engine.models import Event, Pause, Run, RunStatus, Schedule
from popflix.engine.registry import Mode, Registry, Unit
from popflix.engine.retry import RetryPolicy
from popflix.engine.runner import execute
from popflix.engine.watch import Watcher, rescue, snapshot
from popflix.engine.watch.actions import Begin, Deliver, Recover, Settle, TellStuck
from tests.popflix.engine.fakes import NOON, FakeClock
from tests.popflix.engine.seen import kinds
from tests.popflix.engine.watching import known, make_dead, notes, nothing, seconds, stored

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("no_other_units"),
    pytest.mark.both_databases,
]

DEMO = Unit("demo", nothing)


@pytest.fixture
def watch(clock: FakeClock) -> Watcher:
    return Watcher(clock=clock)


def queued(clock: FakeClock, unit: str = "demo", trigger: str = "schedule") -> Run:
    return starting.enqueue(unit, {}, trigger=trigger, clock=clock)


def taken(clock: FakeClock, unit: str = "demo") -> Run:
    run = runs.claim_run(queued(clock, unit).pk, clock=clock)
    assert run is not None
    return run


def foreground(clock: FakeClock) -> Run:
    return runs.create_run("demo", {}, trigger="command", clock=clock, status=RunStatus.RUNNING)


def lose_deliveries() -> None:
    OrmQ.objects.all().delete()


def delivered() -> list[int]:
    return [each.task["args"][0] for each in OrmQ.objects.order_by("id")]


def did(watch: Watcher) -> list[str]:
    return [done.what for done in watch.tick()]


# --- what is dropped ------------------------------------------------------------------------


def test_a_queue_run_whose_process_died_goes_on_elsewhere_at_once(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        run = taken(clock)
        lose_deliveries()
        make_dead(run)
        (done,) = watch.tick()
        assert (done.what, done.run) == ("requeue", run.pk)
        assert done.why == f"process {run.pid} on this host is gone"
        assert stored(run).status == RunStatus.QUEUED
        assert delivered() == [run.pk]
        execute(run.pk, clock=clock)
    assert stored(run).status == RunStatus.COMPLETED


def test_a_queue_run_that_keeps_killing_its_process_is_lost(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(replace(DEMO, retry=RetryPolicy(crashes=2))):
        run = taken(clock)
        make_dead(run)
        assert did(watch) == ["requeue"]
        assert runs.claim_run(run.pk, clock=clock) is not None
        make_dead(run)
        assert did(watch) == ["lost"]
    assert (stored(run).status, stored(run).active_key) == (RunStatus.LOST, None)


def test_a_run_of_a_dead_command_is_lost_since_nobody_waits_for_it(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        run = foreground(clock)
        make_dead(run)
        assert did(watch) == ["lost"]


def test_an_abandoned_run_that_was_to_be_cancelled_is_cancelled(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        run = taken(clock)
        cancelling.cancel(run.pk, by="anna", clock=clock)
        make_dead(run)
        assert did(watch) == ["cancel"]
    assert stored(run).status == RunStatus.CANCELLED


def test_of_another_host_only_the_lease_tells(watch: Watcher, clock: FakeClock) -> None:
    with known(DEMO):
        run = taken(clock)
        lose_deliveries()
        Run.objects.update(host="elsewhere")
        clock(fence.LEASE_SECONDS)
        assert did(watch) == []
        clock(1)
        assert did(watch) == ["requeue"]
        assert delivered() == [run.pk]


def test_leases_of_units_that_this_registry_does_not_know_still_run_out(
    clock: FakeClock,
) -> None:
    with known(DEMO):
        run = taken(clock)
    lose_deliveries()
    make_dead(run)
    assert did(Watcher(Registry(), clock)) == ["requeue"]
    assert stored(run).pid is None


def test_a_run_of_a_command_whose_process_lives_here_is_never_touched(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        run = foreground(clock)
        Run.objects.update(progressed_at=None)
        for _ in range(50):
            clock(100)
            assert did(watch) == []
    assert stored(run).status == RunStatus.RUNNING


def test_a_run_of_a_living_process_that_was_silent_for_a_day_is_lost(
    watch: Watcher, clock: FakeClock
) -> None:
    """The database was away when it ended: nobody else would ever free its slot."""
    with known(DEMO):
        run = foreground(clock)
        Run.objects.update(progressed_at=None)
        clock(24 * 3600)
        assert did(watch) == []
        clock(1)
        assert did(watch) == ["lost"]
    assert stored(run).active_key is None


def test_a_run_that_beat_after_it_was_seen_keeps_its_process(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        run = taken(clock)
        Run.objects.update(host="elsewhere")
        clock(31)
        (action,) = watch.look()
        assert isinstance(action, Recover)
        fence.beat(run.pk, run.fence, now=clock.now())
        assert rescue.do_recover(action, watch._doing) is None
        assert rescue.do_recover(replace(action, fence=99), watch._doing) is None
    assert stored(run).status == RunStatus.RUNNING


# --- deliveries -----------------------------------------------------------------------------


def test_a_run_whose_delivery_was_lost_is_delivered_again(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        run = queued(clock)
        lose_deliveries()
        clock(9)
        assert did(watch) == []
        clock(1)
        (done,) = watch.tick()
        assert str(done) == f"deliver run {run.pk} of demo: nobody took it"
        assert delivered() == [run.pk]


def test_it_is_repeated_ever_later_and_only_while_the_queue_is_empty(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        run = queued(clock)
        at: list[float] = []
        for _ in range(65):
            clock(10)
            lose_deliveries()
            if did(watch):
                at.append(clock.monotonic())
        assert at[:6] == [10, 30, 70, 150, 310, 610]
        clock(3000)
        OrmQ.objects.create(key="popflix", payload="", lock=NOON)
        assert did(watch) == []
    assert kinds(run) == ["queued"]


def test_what_a_person_started_comes_the_common_way_when_nobody_takes_it(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        queued(clock, trigger="admin")
        assert OrmQ.objects.get().key == "operator"
        clock(10)
        assert did(watch) == ["deliver"]
    assert list(OrmQ.objects.values_list("key", flat=True)) == ["operator", "popflix"]


def test_a_run_that_waits_twenty_minutes_is_never_called_lost_and_goes_on_in_time(
    watch: Watcher, clock: FakeClock
) -> None:
    turns: list[bool] = []

    def body(ctx: RunContext) -> Mapping[str, object] | None:
        turns.append(not turns and not ctx.wait(1200, "TMDB asked for a pause (Retry-After)"))
        return {"turns": len(turns)}

    with known(replace(DEMO, body=body)):
        run = queued(clock)
        lose_deliveries()
        execute(run.pk, clock=clock)
        for _ in range(119):
            clock(10)
            assert did(watch) == []
        assert not delivered()
        clock(10)
        assert did(watch) == ["deliver"]
        assert delivered() == [run.pk]
        execute(run.pk, clock=clock)
    assert stored(run).result == {"turns": 2}
    assert kinds(run) == ["queued", "start", "waiting", "resume", "complete"]


def test_a_run_whose_unit_is_paused_for_a_week_waits_and_then_goes_on(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        run = taken(clock)
        pauses.pause("demo", by="anna", why="holidays", now=clock.now())
        runs.park(run, None, "paused", clock=clock)
        lose_deliveries()
        for _ in range(84):
            clock(7200)
            assert did(watch) == []
        pauses.resume("demo", by="anna", now=clock.now())
        assert delivered() == [run.pk]
        execute(run.pk, clock=clock)
    assert stored(run).status == RunStatus.COMPLETED


def test_a_run_that_waits_for_a_unit_that_nobody_pauses_is_healed(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        run = taken(clock)
        pauses.pause("demo", by="anna", why="holidays", now=clock.now())
        runs.park(run, None, "paused", clock=clock)
        lose_deliveries()
        Pause.objects.all().delete()  # past our own doors
        (done,) = watch.tick()
        assert done.why == "its unit is not paused any more"
        execute(run.pk, clock=clock)
    assert stored(run).status == RunStatus.COMPLETED


def test_a_delivery_is_not_repeated_for_a_run_that_was_taken_meanwhile(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        run = queued(clock)
        lose_deliveries()
        clock(10)
        (action,) = watch.look()
        assert isinstance(action, Deliver)
        assert runs.claim_run(run.pk, clock=clock) is not None
        assert rescue.do_deliver(action, watch._doing) is None
    assert not delivered()


def test_runs_that_wait_for_a_slot_are_delivered_again_only_when_there_is_one(
    watch: Watcher, clock: FakeClock
) -> None:
    both = Unit("both", None, mode=Mode.PARALLEL, workers=("demo",))
    with known(DEMO, both):
        first = queued(clock)
        queued(clock, "both")
        waiting = Run.objects.get(unit="demo", slot=None)
        lose_deliveries()
        runs.claim_run(first.pk, clock=clock)
        clock(20)
        fence.beat(first.pk, first.fence + 1, now=clock.now())
        assert did(watch) == []
        cancelling.cancel(first.pk, by="anna", clock=clock)
        execute(first.pk, clock=clock)
        make_dead(stored(first))
        assert did(watch) == ["cancel"]
        lose_deliveries()
        clock(60)
        assert did(watch) == ["deliver"]
        assert delivered() == [waiting.pk]


# --- parents --------------------------------------------------------------------------------


def test_a_process_that_waited_for_its_slot_begins_when_it_is_free(
    watch: Watcher, clock: FakeClock
) -> None:
    both = Unit("both", None, mode=Mode.PARALLEL, workers=("demo", "other"))
    with known(replace(DEMO, slots=4), replace(DEMO, name="other", slots=4), both):
        schedule = Schedule(unit="both", every_seconds=60, overlap="queue")
        schedule.save(clock=clock)
        clock(60)
        assert did(watch) == ["start"]
        clock(60)
        assert did(watch) == ["start"]
        first, second = Run.objects.filter(unit="both").order_by("pk")
        assert (second.slot, second.children.count()) == (None, 0)
        clock(5)
        assert did(watch) == []
        for child in first.children.all():
            execute(child.pk, clock=clock)
        assert did(watch) == ["begin"]
        assert did(watch) == []
        for child in second.children.all():
            execute(child.pk, clock=clock)
    assert stored(second).status == RunStatus.COMPLETED


def test_a_process_whose_workers_cannot_be_started_ends_with_the_reason(
    watch: Watcher, clock: FakeClock
) -> None:
    both = Unit("both", None, mode=Mode.PARALLEL, workers=("demo",))
    with known(replace(DEMO, slots=4), both):
        queued(clock, "both")
        parent = Run.objects.get(unit="both")
        parent.children.all().delete()
        Run.objects.filter(pk=parent.pk).update(slot=None, active_key="both:queue:schedule-1")
        with known():
            registry = Registry()
            registry.register(both)
            (done,) = Watcher(registry, clock).tick()
    assert done.what == "error"
    assert "There is no unit demo." in stored(parent).error


def test_a_parent_whose_children_have_all_ended_is_ended(watch: Watcher, clock: FakeClock) -> None:
    both = Unit("both", None, mode=Mode.PARALLEL, workers=("demo",))
    with known(DEMO, both):
        parent = queued(clock, "both")
        (child,) = parent.children.all()
        runs.claim_run(child.pk, clock=clock)
        Run.objects.filter(pk=child.pk).update(status="completed", active_key=None)  # by hand
        (done,) = watch.tick()
        assert (done.what, done.why) == ("settle", "it is completed")
        assert did(watch) == []


# --- no progress ----------------------------------------------------------------------------


def test_a_run_that_beats_without_progress_is_told_once_per_stretch(
    watch: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        run = taken(clock)

        def beat(times: int) -> list[str]:
            did_all: list[str] = []
            for _ in range(times):
                clock(20)
                fence.beat(run.pk, run.fence, now=clock.now())
                did_all += did(watch)
            return did_all

        assert beat(44) == []
        assert beat(10) == ["note"]
        assert notes() == ["no progress since 2026-03-01 12:00:00 UTC"]
        fence.advance(run.pk, run.fence, now=clock.now(), done=1)
        assert beat(50) == ["note"]
        assert did(Watcher(clock=clock)) == []


def test_a_run_that_moved_meanwhile_is_not_told(watch: Watcher, clock: FakeClock) -> None:
    with known(DEMO):
        run = taken(clock)
        clock(900)
        fence.beat(run.pk, run.fence, now=clock.now())
        (action,) = watch.look()
        assert isinstance(action, TellStuck)
        fence.advance(run.pk, run.fence, now=clock.now(), done=1)
        assert rescue.do_begin(Begin(run.pk), watch._doing) is None
        assert rescue.do_settle(Settle(run.pk), watch._doing) is None
        assert rescue.do_tell_stuck(action, watch._doing) is None
    assert notes() == []


# --- the tick itself ------------------------------------------------------------------------


def test_a_tick_with_nothing_to_do_asks_little_and_writes_nothing(
    watch: Watcher, clock: FakeClock
) -> None:
    units = [Unit(f"unit-{n}", nothing, slots=2) for n in range(20)]
    with known(*units):
        for unit in units:
            queued(clock, unit.name)
        for run in Run.objects.all()[:10]:
            runs.claim_run(run.pk, clock=clock)
        Schedule.objects.bulk_create(
            Schedule(unit=unit.name, every_seconds=60, next_at=NOON + seconds(60))
            for unit in units
        )
        watch.tick()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert watch.tick() == []
    assert len(asked) <= 7
    assert all(each["sql"].startswith("SELECT") for each in asked.captured_queries)


def test_a_tick_reads_no_runs_but_the_active_ones(watch: Watcher, clock: FakeClock) -> None:
    with known(replace(DEMO, slots=3)):
        queued(clock)
        with CaptureQueriesContext(connection) as asked:
            watch.tick()
    if connection.vendor != "sqlite":  # where a small table is best read whole
        return
    of_runs = [each["sql"] for each in asked.captured_queries if "engine_run" in each["sql"]]
    assert len(of_runs) == 4
    with connection.cursor() as cursor:
        for sql in of_runs:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql.replace('%', '%%')}")
            plan = cursor.fetchall()[0][3]
            assert "(active_key>?)" in plan or "(status=?)" in plan


def test_more_than_one_read_is_gone_through_tick_by_tick(
    watch: Watcher, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "MOST_AT_ONCE", 2)
    with known(replace(DEMO, slots=5)):
        for _ in range(5):
            queued(clock)
        lose_deliveries()
        clock(10)
        for _ in range(3):
            did(watch)
            lose_deliveries()
    assert set(Run.objects.values_list("dispatch_count", flat=True)) == {2}


def test_an_action_that_fails_is_logged_and_passed_over(
    watch: Watcher, clock: FakeClock, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with known(DEMO, replace(DEMO, name="other")):
        bad, good = taken(clock), taken(clock, "other")
        make_dead(bad)
        make_dead(good)
        deal_with = recovery.deal_with

        def fails(run: Run, why: str, **more: Any) -> object:
            if run.pk == bad.pk:
                raise ValueError("a bug")
            return deal_with(run, why, **more)

        monkeypatch.setattr(recovery, "deal_with", fails)
        (done,) = watch.tick()
    assert done.run == good.pk
    assert f"the watcher passes over: recover run {bad.pk}" in caplog.text


def test_a_release_that_fails_does_not_stop_the_tick(
    watch: Watcher, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> list[str]:
        raise ValueError("a bug")

    monkeypatch.setattr(conditions, "release_what_holds", fails)
    with known(DEMO):
        make_dead(taken(clock))
        assert did(watch) == ["requeue"]


def test_looking_changes_nothing(watch: Watcher, clock: FakeClock) -> None:
    with known(DEMO):
        run = taken(clock)
        make_dead(run)
        told = Event.objects.count()
        assert [str(action).split(":")[0] for action in watch.look()] == [f"recover run {run.pk}"]
    assert (stored(run).status, Event.objects.count()) == (RunStatus.RUNNING, told)
    assert conditions.release_what_holds(clock.now()) == []
