"""What each unit is doing, told in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from popflix.engine import pauses, runs, starting, status
from popflix.engine.context import RunContext
from popflix.engine.events import tell
from popflix.engine.models import Pause, Run, RunStatus, Schedule, Supervisor
from popflix.engine.registry import Mode, Registry, Unit
from popflix.engine.states import Kind
from popflix.engine.status import UnitView
from tests.popflix.engine.fakes import NOON, FakeClock

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def body(ctx: RunContext) -> None:
    return None


@pytest.fixture
def units() -> Registry:
    made = Registry()
    made.register(Unit("count", body, slots=2, title="Counts"))
    made.register(Unit("sort", body))
    made.register(Unit("wide", body, slots=2, mode=Mode.SPREAD))
    made.register(Unit("both", None, mode=Mode.PARALLEL, workers=("count", "sort")))
    return made


@pytest.fixture
def seen(units: Registry, clock: FakeClock) -> Callable[[str], UnitView]:
    def look(name: str) -> UnitView:
        return {view.name: view for view in status.overview(units, clock.now())}[name]

    return look


def ended(unit: str, how: str, units: Registry, clock: FakeClock, error: str = "") -> Run:
    run = runs.create_run(
        unit, {}, trigger="command", clock=clock, status=RunStatus.RUNNING, registry=units
    )
    runs.finish(run, how, clock=clock, error=error, registry=units)
    return run


Look = Callable[[str], UnitView]


def test_a_unit_that_never_ran_is_idle(seen: Look) -> None:
    view = seen("count")
    assert (view.status, view.slots, view.slots_taken, view.queued) == ("idle", 2, 0, 0)
    assert (view.last, view.next_at, view.kind, view.title) == (None, None, "worker", "Counts")
    assert [seen("wide").kind, seen("both").kind] == ["spread", "parallel process"]


@pytest.mark.parametrize(
    ("how", "becomes"),
    [("completed", "completed"), ("error", "error"), ("lost", "error"), ("cancelled", "idle")],
)
def test_the_last_end_is_the_state(
    how: str, becomes: str, seen: Look, units: Registry, clock: FakeClock
) -> None:
    ended("count", RunStatus.COMPLETED, units, clock)
    run = ended("count", how, units, clock, error="the disk is full" if how == "error" else "")
    view = seen("count")
    assert view.status == becomes
    assert view.last is not None
    assert (view.last.id, view.last.status) == (run.pk, how)
    assert view.last.error == ("the disk is full" if how == "error" else "")


def test_a_reset_after_the_last_end_makes_it_idle_again(
    seen: Look, units: Registry, clock: FakeClock
) -> None:
    ended("count", RunStatus.ERROR, units, clock)
    ended("sort", RunStatus.ERROR, units, clock)
    tell(None, "count", Kind.RESET, clock.now(), payload={})
    assert [seen("count").status, seen("sort").status] == ["idle", "error"]
    ended("count", RunStatus.ERROR, units, clock)
    assert seen("count").status == "error"


def test_a_reset_before_the_last_end_means_nothing_though_the_runs_events_are_pruned(
    seen: Look, units: Registry, clock: FakeClock
) -> None:
    tell(None, "count", Kind.RESET, clock.now(), payload={})
    clock.sleep(60)
    run = ended("count", RunStatus.ERROR, units, clock)
    run.events.all().delete()
    assert seen("count").status == "error"
    clock.sleep(60)
    tell(None, "count", Kind.RESET, clock.now(), payload={})
    assert seen("count").status == "idle"


def test_runs_at_work_and_queued_ones_are_counted_apart(
    seen: Look, units: Registry, clock: FakeClock
) -> None:
    run = runs.create_run(
        "count", {}, trigger="command", clock=clock, status=RunStatus.RUNNING, registry=units
    )
    starting.enqueue("count", {}, trigger="admin", clock=clock, registry=units)
    clock.sleep(7)
    view = seen("count")
    assert (view.status, view.slots_taken, view.queued) == ("running", 2, 1)
    assert [each.is_working for each in view.active] == [True, False]
    assert (view.active[0].id, view.active[0].silent_seconds) == (run.pk, 7.0)
    assert view.active[1].silent_seconds is None


def test_a_pause_wins_over_all_else_and_says_who_and_why(
    seen: Look, units: Registry, clock: FakeClock
) -> None:
    runs.create_run(
        "count", {}, trigger="command", clock=clock, status=RunStatus.RUNNING, registry=units
    )
    pauses.pause("count", by="anna", why="the disk is full", now=clock.now())
    pauses.pause("count", by="stop_all", why="all stop", now=clock.now(), holder="all")
    view = seen("count")
    assert view.status == "paused"
    assert [(each.holder, each.by, each.why) for each in view.pauses] == [
        ("operator", "anna", "the disk is full"),
        ("all", "stop_all", "all stop"),
    ]


def test_a_process_runs_with_its_first_child(
    seen: Look, units: Registry, clock: FakeClock
) -> None:
    parent = starting.enqueue("both", {}, trigger="admin", clock=clock, registry=units)
    assert (seen("both").status, seen("both").queued) == ("idle", 1)
    child = parent.children.get(unit="sort")
    assert runs.claim_run(child.pk, clock=clock, registry=units)
    assert [seen("both").status, seen("sort").status] == ["running", "running"]
    assert seen("count").queued == 1


def test_a_spread_run_shows_what_its_children_have_done(
    seen: Look, units: Registry, clock: FakeClock
) -> None:
    parent = starting.enqueue("wide", {}, trigger="admin", clock=clock, registry=units)
    first, second = parent.children.order_by("pk")
    assert runs.claim_run(first.pk, clock=clock, registry=units)
    Run.objects.filter(pk=first.pk).update(done_count=5, failed_count=1)
    Run.objects.filter(pk=second.pk).update(done_count=3)
    shown = {each.id: each for each in seen("wide").active}
    assert (shown[parent.pk].done_count, shown[parent.pk].failed_count) == (8, 1)
    assert shown[first.pk].done_count == 5


def test_of_a_spread_run_the_whole_tells_how_it_ended(
    seen: Look, units: Registry, clock: FakeClock
) -> None:
    parent = starting.enqueue("wide", {}, trigger="admin", clock=clock, registry=units)
    for child, how in zip(parent.children.order_by("pk"), ("error", "completed"), strict=True):
        run = runs.claim_run(child.pk, clock=clock, registry=units)
        assert run is not None
        runs.finish(run, how, clock=clock, error="odd" * (how == "error"), registry=units)
    view = seen("wide")
    assert view.status == "error"
    assert view.last is not None
    assert view.last.id == parent.pk


def test_the_next_firing_is_the_earliest_of_its_enabled_schedules(seen: Look) -> None:
    hours = [3, 1, 0]
    Schedule.objects.bulk_create(
        Schedule(
            unit="count",
            every_seconds=60,
            next_at=NOON + dt.timedelta(hours=hour),
            error="" if hour else "no such zone",  # then it is looked at again
        )
        for hour in hours
    )
    Schedule.objects.bulk_create([Schedule(unit="count", next_at=NOON, is_enabled=False)])
    assert seen("count").next_at == NOON + dt.timedelta(hours=1)
    assert seen("count").schedule_error == "no such zone"


def test_why_a_unit_is_not_ready_is_told_and_a_broken_answer_hides_nobody(
    clock: FakeClock,
) -> None:
    def broken() -> str:
        raise RuntimeError("token=abcdefgh is odd")

    units = Registry()
    units.register(Unit("keyless", body, ready=lambda: "no key is set"))
    units.register(Unit("odd", body, ready=broken))
    keyless, odd = status.overview(units, clock.now())
    assert keyless.not_ready == "no key is set"
    assert odd.not_ready == "cannot be asked (RuntimeError: token=[secret] is odd)"


def test_the_number_of_queries_is_the_same_for_one_run_and_for_many(
    units: Registry, clock: FakeClock
) -> None:
    ended("count", RunStatus.COMPLETED, units, clock)
    with CaptureQueriesContext(connection) as few:
        status.overview(units, clock.now())
    for _ in range(20):
        ended("count", RunStatus.ERROR, units, clock)
        ended("sort", RunStatus.COMPLETED, units, clock)
    starting.enqueue("both", {}, trigger="admin", clock=clock, registry=units)
    Pause.objects.create(unit="wide", holder="operator", at=NOON, by="anna", why="so")
    with CaptureQueriesContext(connection) as many:
        status.overview(units, clock.now())
    assert len(many) == len(few) == 5


def test_a_units_last_run_is_found_by_its_index_and_not_among_all_runs(
    units: Registry, clock: FakeClock
) -> None:
    ended("count", RunStatus.COMPLETED, units, clock)
    with CaptureQueriesContext(connection) as asked:
        status.overview(units, clock.now())
    (sql,) = [each["sql"] for each in asked if "finished_at" in each["sql"]]
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql}")
        plan = [" ".join(map(str, row)) for row in cursor.fetchall()]
    assert sum("run_unit_newest" in step for step in plan) == len(units.names())


def test_one_unit_alone_is_told_like_any_other(clock: FakeClock) -> None:
    alone = Registry()
    alone.register(Unit("sort", body))
    ended("sort", RunStatus.COMPLETED, alone, clock)
    assert [view.status for view in status.overview(alone, clock.now())] == ["completed"]


def test_no_units_need_no_answer(clock: FakeClock) -> None:
    assert status.overview(Registry(), clock.now()) == []


def test_a_supervisor_counts_while_it_is_heard(clock: FakeClock) -> None:
    assert "No worker is running" in status.nobody_works(status.supervisors(clock.now()))
    Supervisor.objects.create(host="h1", pid=7, started_at=NOON, beat_at=NOON, workers=2)
    clock.sleep(30)
    (heard,) = status.supervisors(clock.now())
    assert (heard.host, heard.workers, heard.silent_seconds) == ("h1", 2, 30.0)
    assert status.nobody_works([heard]) == ""
    clock.sleep(1)
    assert "manage.py work" in status.nobody_works(status.supervisors(clock.now()))
