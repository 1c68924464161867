"""A pause sticks: through restarts, schedules, watchers and start_all; a machine's ends itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

import pytest

from popflix.engine import conditions, create_manager, pauses, runs, starting
from popflix.engine.context import RunContext
from popflix.engine.models import Pause, Run, RunStatus
from popflix.engine.models.pauses import Holder
from popflix.engine.pauses import StopsUnit
from popflix.engine.registry import Unit
from popflix.engine.runner import execute, run_in_foreground
from popflix.engine.watch import Watcher
from tests.popflix.engine.fakes import FakeClock, FakeStop
from tests.popflix.engine.seen import kinds
from tests.popflix.engine.watching import every, known, make_dead, nothing, skips, stored

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.both_databases,
    pytest.mark.usefixtures("no_other_units"),
]


class Work:
    """A body of many chunks; `between` is done between two of them."""

    def __init__(self) -> None:
        self.chunks = 0
        self.key = "good"
        self.pause_after = 10**9

    def __call__(self, ctx: RunContext) -> Mapping[str, object]:
        for _ in range(ctx_left(ctx)):
            if ctx.should_stop():
                break
            if self.key == "bad":
                raise StopsUnit(
                    "The key was refused.", "Correct it.", condition="key", memory={"key": "bad"}
                )
            with ctx.commit(done=1):
                self.chunks += 1
            if self.chunks == self.pause_after:
                pauses.pause("demo", by="anna", why="the disk is full", now=ctx.now())
        return {"chunks": self.chunks}


def ctx_left(ctx: RunContext) -> int:
    return 10 - Run.objects.get(pk=ctx.run_id).done_count


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()
    with known(Unit("demo", made), Unit("other", nothing)):
        yield made


def watch_on(clock: FakeClock, minutes: int) -> list[str]:
    """A watcher that is restarted every minute, and workers that take what it delivers."""
    did: list[str] = []
    for _ in range(minutes):
        clock(60)
        did += [done.what for done in Watcher(clock=clock).tick()]
        for pk in Run.objects.filter(active_key__isnull=False).values_list("pk", flat=True):
            execute(pk, clock=clock)
    return did


def test_an_operators_pause_sticks_through_everything_until_it_is_resumed(
    work: Work, clock: FakeClock
) -> None:
    work.pause_after = 3
    every(900, clock)
    run = starting.enqueue("demo", {}, trigger="admin", clock=clock)
    execute(run.pk, clock=clock)
    assert (stored(run).status, work.chunks) == (RunStatus.WAITING, 3)  # not one chunk more

    assert set(watch_on(clock, 16)) == {"skip"}
    manager = create_manager(clock=clock)
    manager.stop_all(by="anna")
    manager.start_all(by="anna")
    assert set(watch_on(clock, 16)) == {"skip"}
    assert {told["why"] for told in skips()} == {"paused by anna: the disk is full"}
    assert (stored(run).status, work.chunks) == (RunStatus.WAITING, 3)
    with pytest.raises(pauses.Paused):
        starting.enqueue("demo", {}, trigger="admin", clock=clock)

    pauses.resume("demo", by="anna", now=clock.now())
    watch_on(clock, 1)
    assert (stored(run).status, work.chunks) == (RunStatus.COMPLETED, 10)
    assert kinds(run) == ["queued", "start", "waiting", "resume", "complete"]


def test_it_sticks_though_the_process_that_worked_dies(work: Work, clock: FakeClock) -> None:
    every(900, clock)
    run = starting.enqueue("demo", {}, trigger="admin", clock=clock)
    taken = runs.claim_run(run.pk, clock=clock)
    assert taken is not None
    pauses.pause("demo", by="anna", why="the disk is full", now=clock.now())
    make_dead(taken)
    assert watch_on(clock, 20) == ["requeue", "skip"]
    assert (stored(run).status, work.chunks) == (RunStatus.QUEUED, 0)
    pauses.resume("demo", by="anna", now=clock.now())
    watch_on(clock, 1)
    assert stored(run).status == RunStatus.COMPLETED


def test_a_machines_pause_is_released_when_its_condition_holds(
    work: Work, clock: FakeClock
) -> None:
    @conditions.release_condition("key")
    def is_corrected(pause: Pause, now: dt.datetime) -> bool:
        return bool(work.key != pause.memory["key"])

    try:
        every(900, clock)
        work.key = "bad"
        run = starting.enqueue("demo", {}, trigger="admin", clock=clock)
        execute(run.pk, clock=clock)
        assert stored(run).status == RunStatus.ERROR
        assert Pause.objects.get().holder == Holder.MACHINE
        assert set(watch_on(clock, 20)) == {"skip"}
        work.key = "good"
        assert watch_on(clock, 1) == ["resume"]
        assert "start" in watch_on(clock, 15)
    finally:
        conditions.forget("key")
    assert Run.objects.latest("id").status == RunStatus.COMPLETED


def test_a_corrected_key_works_at_once_in_the_foreground(
    work: Work, clock: FakeClock, stop: FakeStop
) -> None:
    conditions.release_condition("key")(lambda pause, now: work.key == "good")
    try:
        work.key = "bad"
        with pytest.raises(StopsUnit):
            run_in_foreground("demo", {}, stop=stop, clock=clock)
        with pytest.raises(pauses.Paused):
            run_in_foreground("demo", {}, stop=stop, clock=clock)
        work.key = "good"
        assert run_in_foreground("demo", {}, stop=stop, clock=clock).result == {"chunks": 10}
    finally:
        conditions.forget("key")
