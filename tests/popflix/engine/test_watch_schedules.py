"""The watcher fires schedules: once per slot, beside whatever other row is broken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, connections

from popflix.engine import pauses, runs, starting
from popflix.engine.models import Event, Run, RunStatus, Schedule
from popflix.engine.registry import Mode, Params, Registry, Timetable, Unit
from popflix.engine.runner import execute
from popflix.engine.watch import Watcher, firing
from popflix.engine.watch.actions import Disable, Fire
from popflix.engine.watch.apply import apply
from tests.popflix.engine.fakes import NOON, FakeClock
from tests.popflix.engine.watching import every, known, notes, nothing, seconds, skips

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("no_other_units"),
    pytest.mark.both_databases,
]

QUARTER = 900
DEMO = Unit("demo", nothing)


@pytest.fixture
def watcher(clock: FakeClock) -> Watcher:
    return Watcher(clock=clock)


def ticks(watcher: Watcher, clock: FakeClock, count: int, *, each: float) -> list[str]:
    """`count` ticks, `each` seconds apart; what they did."""
    done: list[str] = []
    for _ in range(count):
        clock(each)
        done += [one.what for one in watcher.tick()]
    return done


def queued_payload(run: Run) -> dict[str, object]:
    payload: dict[str, object] = run.events.get(kind="queued").payload
    return payload


def test_a_schedule_starts_its_unit_once_per_slot(watcher: Watcher, clock: FakeClock) -> None:
    with known(DEMO):
        schedule = every(QUARTER, clock, params={"n": 1})
        assert watcher.tick() == []
        clock(QUARTER + 1)
        (done,) = watcher.tick()
        run = Run.objects.get()
        assert str(done) == f"start run {run.pk} of demo: schedule {schedule.pk}"
        assert (run.trigger, run.params, run.schedule_id) == ("schedule", {"n": 1}, schedule.pk)
        execute(run.pk, clock=clock)
        assert ticks(watcher, clock, 10, each=5) == []
        clock(QUARTER)
        assert [each.what for each in watcher.tick()] == ["start"]
    assert Run.objects.count() == 2


def test_what_was_missed_becomes_one_run_that_says_how_many(
    watcher: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        schedule = every(QUARTER, clock)
        clock(5 * QUARTER + 7)
        watcher.tick()
    told = queued_payload(Run.objects.get())
    slot = NOON + seconds(5 * QUARTER)
    assert told == {
        "trigger": "schedule", "schedule": schedule.pk, "slot": slot.isoformat(), "missed": 4,
    }  # fmt: skip
    schedule.refresh_from_db()
    assert schedule.next_at == NOON + seconds(6 * QUARTER)


def test_failed_units_are_due_again_at_their_next_slot(watcher: Watcher, clock: FakeClock) -> None:
    def broken(ctx: object) -> None:
        raise ValueError("broken")

    with known(replace(DEMO, body=broken)):
        every(QUARTER, clock)
        for _ in range(3):
            clock(QUARTER)
            watcher.tick()
            execute(Run.objects.latest("id").pk, clock=clock)
    assert list(Run.objects.values_list("status", flat=True)) == ["error"] * 3


def test_a_process_is_started_with_its_workers(watcher: Watcher, clock: FakeClock) -> None:
    both = Unit("both", None, mode=Mode.PARALLEL, workers=("demo", "other"))
    with known(DEMO, replace(DEMO, name="other"), both):
        schedule = every(QUARTER, clock, "both")
        clock(QUARTER)
        watcher.tick()
        parent = Run.objects.get(unit="both")
        assert parent.schedule_id == schedule.pk
        for child in parent.children.all():
            execute(child.pk, clock=clock)
    parent.refresh_from_db()
    assert parent.status == RunStatus.COMPLETED


class TestOverlap:
    def test_a_firing_is_skipped_while_the_earlier_run_is_active(
        self, watcher: Watcher, clock: FakeClock
    ) -> None:
        with known(replace(DEMO, slots=3)):
            schedule = every(QUARTER, clock)
            clock(QUARTER)
            watcher.tick()
            clock(2 * QUARTER)
            (done,) = watcher.tick()
        run = Run.objects.get()
        assert str(done) == f"skip of demo: run {run.pk} is active"
        slot = (NOON + seconds(3 * QUARTER)).isoformat()
        assert skips() == [
            {"trigger": "schedule", "schedule": schedule.pk, "slot": slot, "missed": 1,
             "why": f"run {run.pk} is active", "holders": [run.pk]},
        ]  # fmt: skip

    def test_a_firing_is_skipped_while_somebody_elses_run_holds_the_slot(
        self, watcher: Watcher, clock: FakeClock
    ) -> None:
        with known(DEMO):
            every(QUARTER, clock)
            run = runs.create_run("demo", {}, trigger="command", clock=clock)
            clock(QUARTER)
            watcher.tick()
        assert [told["holders"] for told in skips()] == [[run.pk]]
        assert Run.objects.count() == 1

    def test_who_takes_the_slot_at_the_last_moment_is_named_too(
        self, watcher: Watcher, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with known(DEMO):
            every(QUARTER, clock)
            clock(QUARTER)
            start = starting.start

            def late(*arguments: Any, **more: Any) -> Run:
                runs.create_run("demo", {}, trigger="command", clock=clock)
                return start(*arguments, **more)

            monkeypatch.setattr(starting, "start", late)
            assert [done.what for done in watcher.tick()] == ["skip"]
        assert [told["holders"] for told in skips()] == [[Run.objects.get().pk]]

    def test_queueing_lets_one_run_wait_and_skips_the_others(
        self, watcher: Watcher, clock: FakeClock
    ) -> None:
        with known(DEMO):
            schedule = every(QUARTER, clock, overlap="queue")
            assert ticks(watcher, clock, 4, each=QUARTER) == ["start", "start", "skip", "skip"]
            first, second = Run.objects.order_by("pk")
            assert second.active_key == f"demo:queue:schedule-{schedule.pk}"
            assert [told["holders"] for told in skips()] == [[second.pk]] * 2
            execute(first.pk, clock=clock)
            execute(second.pk, clock=clock)
        assert set(Run.objects.values_list("status", flat=True)) == {"completed"}

    def test_queueing_never_starts_beside_its_own_run_though_slots_are_free(
        self, watcher: Watcher, clock: FakeClock
    ) -> None:
        with known(replace(DEMO, slots=2)):
            every(QUARTER, clock, overlap="queue")
            assert ticks(watcher, clock, 3, each=QUARTER) == ["start"]
            execute(Run.objects.get().pk, clock=clock)
            assert ticks(watcher, clock, 1, each=1) == ["start"]
        assert queued_payload(Run.objects.latest("id"))["missed"] == 1

    def test_a_spread_unit_that_works_is_not_started_again(
        self, watcher: Watcher, clock: FakeClock
    ) -> None:
        spread = Unit("demo", nothing, slots=2, mode=Mode.SPREAD)
        with known(spread):
            every(QUARTER, clock)
            every(QUARTER, clock, overlap="queue")
            starting.enqueue("demo", {}, trigger="admin", clock=clock)
            parent = Run.objects.get(mode="spread")
            assert ticks(watcher, clock, 1, each=QUARTER) == ["skip"]
            assert skips()[0]["holders"] == [parent.pk]
            for child in parent.children.all():
                execute(child.pk, clock=clock)
            assert ticks(watcher, clock, 1, each=1) == ["start"]


def test_a_paused_units_firing_is_recorded_as_skipped_with_the_reason(
    watcher: Watcher, clock: FakeClock
) -> None:
    with known(DEMO):
        every(QUARTER, clock)
        pauses.pause("demo", by="anna", why="the disk is full", now=clock.now())
        clock(QUARTER)
        watcher.tick()
    assert [told["why"] for told in skips()] == ["paused by anna: the disk is full"]
    assert not Run.objects.exists()


def test_a_unit_that_is_paused_at_the_last_moment_is_not_started(
    watcher: Watcher, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with known(DEMO):
        every(QUARTER, clock)
        clock(QUARTER)
        moves = firing._moves

        def late(*arguments: Any) -> bool:
            pauses.pause("demo", by="anna", why="just now", now=clock.now())
            return moves(*arguments)

        monkeypatch.setattr(firing, "_moves", late)
        watcher.tick()
    assert [told["why"] for told in skips()] == ["paused by anna: just now"]
    assert not Run.objects.exists()


def test_a_unit_that_is_not_ready_passes_without_a_word(
    watcher: Watcher, clock: FakeClock
) -> None:
    why = ["no key is set"]
    with known(replace(DEMO, ready=lambda: why[0])):
        every(QUARTER, clock)
        assert ticks(watcher, clock, 3, each=QUARTER) == []
        assert not Event.objects.exists()
        why[0] = ""
        assert ticks(watcher, clock, 1, each=QUARTER) == ["start"]
    assert queued_payload(Run.objects.get())["missed"] == 0


def test_a_unit_that_cannot_tell_whether_it_is_ready_is_not(
    watcher: Watcher, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks() -> str:
        raise ValueError("no settings")

    with known(replace(DEMO, ready=breaks), Unit("other", nothing)):
        every(QUARTER, clock)
        every(QUARTER, clock, "other")
        assert ticks(watcher, clock, 1, each=QUARTER) == ["start"]
    assert "whether demo is ready cannot be told" in caplog.text


def test_a_declared_timetable_starts_its_unit_by_itself(
    watcher: Watcher, clock: FakeClock
) -> None:
    with known(replace(DEMO, timetable=Timetable(every_seconds=QUARTER))):
        watcher.tick()
        assert ticks(watcher, clock, 2, each=QUARTER / 2) == ["start"]


def test_a_registry_of_ones_own_starts_its_own_units_and_leaves_the_others_alone(
    clock: FakeClock,
) -> None:
    mine = Registry()
    mine.register(Unit("mine", nothing, timetable=Timetable(every_seconds=QUARTER)))
    watcher = Watcher(mine, clock)
    with known(DEMO):
        every(QUARTER, clock)
        watcher.tick()
        assert ticks(watcher, clock, 1, each=QUARTER) == ["start"]
    assert Run.objects.get().unit == "mine"
    assert not Schedule.objects.exclude(error="").exists()


# --- rows that are forced into the table ----------------------------------------------------


def bulk(**columns: Any) -> None:
    values = {"unit": "demo", "next_at": NOON, "slot_at": NOON, **columns}
    Schedule.objects.bulk_create([Schedule(**values)])


def raw(**columns: Any) -> None:
    """Past Django: whatever the database itself lets in."""
    bulk(every_seconds=60)
    names = ", ".join(f"{name} = %s" for name in columns)
    with connection.cursor() as cursor:
        newest = Schedule.objects.order_by("-id").values_list("id", flat=True)[0]
        cursor.execute(
            f"UPDATE engine_schedule SET {names} WHERE id = %s", [*columns.values(), newest]
        )


def positive_limit(params: Params) -> dict[str, object]:
    if int(str(params.get("limit", 1))) < 1:
        raise TypeError("limit")
    return dict(params)


@pytest.mark.parametrize(
    ("force", "columns", "why"),
    [
        (bulk, {"cron": "61 4 * * *"}, "is no cron expression"),
        (bulk, {"cron": "61 4 * * *", "next_at": None, "slot_at": None}, "is no cron expression"),
        (bulk, {}, "Give either a cron expression or an interval"),
        (bulk, {"every_seconds": 60, "unit": "nobody"}, "There is no unit nobody."),
        (bulk, {"every_seconds": 60, "time_zone": "Mars"}, "no time zone Mars"),
        (bulk, {"every_seconds": 60, "params": {"limit": "x"}}, "ValueError"),
        (bulk, {"every_seconds": 60, "params": [1]}, "JSON object"),
        (raw, {"overlap": "both"}, "Overlap is one of"),
        (raw, {"params": '"text"'}, "JSON object"),
        (raw, {"cron": "0 0 * *", "every_seconds": None}, "4 fields"),
    ],
)
def test_a_broken_row_stops_only_itself_and_is_told_once(
    watcher: Watcher,
    clock: FakeClock,
    force: Callable[..., None],
    columns: dict[str, Any],
    why: str,
) -> None:
    with known(replace(DEMO, clean_params=positive_limit), Unit("other", nothing)):
        force(**columns)
        broken = Schedule.objects.get()
        every(QUARTER, clock, "other")
        assert ticks(watcher, clock, 12, each=100) == ["refuse", "start"]
    assert Run.objects.get().unit == "other"
    broken.refresh_from_db()
    assert why in broken.error
    (told,) = notes(broken.unit)
    assert told == f"Schedule {broken.pk} cannot fire: {broken.error}"


def test_a_row_that_cannot_even_be_read_is_disabled(watcher: Watcher, clock: FakeClock) -> None:
    with known(DEMO, Unit("other", nothing)):
        if connection.vendor != "sqlite":
            with pytest.raises(DatabaseError):  # MariaDB refuses such values itself
                raw(next_at="2026-02-31 99:00:00")
            return
        every(QUARTER, clock, "other")
        raw(next_at="2026-02-31 99:00:00")
        Schedule.objects.filter(unit="demo").update(unit="odd")
        raw(every_seconds="often")
        Schedule.objects.filter(unit="demo").update(next_at=NOON)
        did = ticks(watcher, clock, 12, each=100)
    assert sorted(did) == ["refuse", "refuse", "start"]
    odd = Schedule.objects.get(unit="odd")
    assert (odd.is_enabled, odd.next_at) == (False, None)
    assert "cannot be read" in odd.error
    assert "whole number" in Schedule.objects.get(unit="demo").error
    assert Run.objects.get().unit == "other"


def test_a_row_that_is_mended_fires_for_what_it_missed(watcher: Watcher, clock: FakeClock) -> None:
    every_unit = replace(DEMO, name="later")
    with known(every_unit):
        schedule = every(QUARTER, clock, "later")
    assert ticks(watcher, clock, 2, each=QUARTER) == ["refuse"]
    with known(every_unit):  # its code is deployed again
        assert ticks(watcher, clock, 1, each=301) == ["start"]
    schedule.refresh_from_db()
    assert schedule.error == ""
    assert queued_payload(Run.objects.get())["missed"] == 1


def test_a_unit_whose_own_code_breaks_while_it_starts_stops_only_itself(
    watcher: Watcher, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(params: Params, count: int) -> list[Params]:
        raise LookupError("no parts, api_key=abcdef")

    spread = Unit("demo", nothing, slots=2, mode=Mode.SPREAD, split=breaks)
    with known(spread, Unit("other", nothing)):
        every(QUARTER, clock)
        every(QUARTER, clock, "other")
        assert sorted(ticks(watcher, clock, 1, each=QUARTER)) == ["refuse", "start"]
    assert Schedule.objects.get(unit="demo").error == "LookupError: no parts, api_key=[secret]"
    assert Run.objects.get().unit == "other"


def test_parameters_that_are_refused_at_the_last_moment_stop_the_schedule(
    watcher: Watcher, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with known(DEMO):
        every(QUARTER, clock)
        clock(QUARTER)
        monkeypatch.setattr(starting, "start", lambda *a, **k: _refused())
        (done,) = watcher.tick()
    assert "cannot fire: No. Ask again." in done.why


def _refused() -> Run:
    from popflix.lib.errors import OperatorError

    raise OperatorError("No.", "Ask again.")


# --- several watchers -----------------------------------------------------------------------


def test_of_two_watchers_that_saw_the_same_slot_one_fires(clock: FakeClock) -> None:
    first, second = Watcher(clock=clock), Watcher(clock=clock)
    with known(replace(DEMO, slots=5)):
        every(QUARTER, clock)
        pauses.pause("calm", by="anna", why="holidays", now=clock.now())
        clock(QUARTER)
        (fire,) = first.look()
        assert isinstance(fire, Fire)
        assert [done.what for done in second.tick()] == ["start"]
        assert firing.do_fire(fire, first._doing) is None
        assert first.tick() == []
    assert Run.objects.count() == 1
    assert not skips()


def test_of_two_watchers_one_tells_what_was_skipped_refused_or_disabled(clock: FakeClock) -> None:
    first, second = Watcher(clock=clock), Watcher(clock=clock)
    with known(DEMO):
        every(QUARTER, clock)
        pauses.pause("demo", by="anna", why="holidays", now=clock.now())
        clock(QUARTER)
        bulk(every_seconds=60, unit="nobody")
        odd = Schedule.objects.create(unit="demo", every_seconds=60)
        actions = [*first.look(), Disable(odd.pk)]
        assert [done.what for done in second.tick()] == ["refuse", "skip"]
        assert apply(actions[-1], second._doing) is not None
        assert [apply(action, first._doing) for action in actions] == [None] * 3
    assert len(skips()) == 1


def test_a_broken_database_is_no_fault_of_the_schedule(
    watcher: Watcher, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: Any, **more: Any) -> Run:
        raise OperationalError("server has gone away")

    with known(DEMO):
        every(QUARTER, clock)
        clock(QUARTER)
        with monkeypatch.context() as patch:
            patch.setattr(starting, "start", fails)
            assert watcher.tick() == []
        assert [done.what for done in watcher.tick()] == ["start"]


def test_a_schedule_that_was_disabled_meanwhile_does_not_fire(clock: FakeClock) -> None:
    watcher = Watcher(clock=clock)
    with known(DEMO):
        every(QUARTER, clock)
        clock(QUARTER)
        (fire,) = watcher.look()
        Schedule.objects.update(is_enabled=False)
        assert isinstance(fire, Fire)
        assert firing.do_fire(fire, watcher._doing) is None
    assert not Run.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_watchers_that_race_fire_each_slot_once(clock: FakeClock) -> None:
    count = 1 if connection.vendor == "sqlite" else 3  # it has one writer at a time anyway
    barrier = threading.Barrier(count)
    did: list[str] = []

    def watch() -> None:
        watcher = Watcher(clock=clock)
        barrier.wait()
        did.extend(done.what for done in watcher.tick())

    def watch_in_a_thread() -> None:
        try:
            watch()
        finally:
            connections.close_all()

    with known(*(Unit(f"unit-{n}", nothing, slots=5) for n in range(6))):
        for n in range(6):
            every(QUARTER, clock, f"unit-{n}")
        for _ in range(3):
            clock(QUARTER)
            Run.objects.update(schedule_id=None)  # as if they had ended
            if count == 1:  # the database of this thread is in its memory
                watch()
                continue
            threads = [threading.Thread(target=watch_in_a_thread) for _ in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert Run.objects.count() == 18
    assert did.count("start") == 18
    assert not Event.objects.filter(kind="skip").exists()
