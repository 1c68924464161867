"""Pauses: who holds them, what they stop and when, and what they let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django_q.models import OrmQ

from popflix.engine import cancelling, pauses, runs, starting
from popflix.engine.conditions import forget, release_condition
from popflix.engine.context import RunContext, StopReason
from popflix.engine.models import Event, Pause, Run, RunStatus
from popflix.engine.models.pauses import Holder
from popflix.engine.pauses import Paused, StopsUnit
from popflix.engine.registry import Body
from popflix.engine.runner import RunOutcome, execute, run_in_foreground
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import NOON, FakeClock, FakeStop, registered
from tests.popflix.engine.seen import kinds, last

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]

Foreground = Callable[[Body], RunOutcome]


def pause(holder: str = Holder.OPERATOR, why: str = "the disk is full") -> bool:
    return pauses.pause("demo", by="ada", why=why, now=NOON, holder=holder)


def enqueue(clock: FakeClock) -> Run:
    return starting.enqueue("demo", {}, trigger="admin", clock=clock)


class Chunks:
    """A body of five chunks; `after` says what happens between two of them."""

    def __init__(self, after: dict[int, Callable[[], object]] | None = None) -> None:
        self.after = after or {}
        self.stopped: list[StopReason | None] = []

    def __call__(self, ctx: RunContext) -> None:
        while self.done() < 5 and not ctx.should_stop():
            with ctx.commit(done=1):
                pass
            self.after.pop(self.done(), lambda: None)()
        self.stopped.append(ctx.stop_reason)

    @staticmethod
    def done() -> int:
        return last().done_count


@pytest.mark.parametrize("is_paused", [False, True])
def test_a_cancel_that_comes_as_the_run_is_about_to_wait_sticks(
    is_paused: bool, clock: FakeClock
) -> None:
    """The body has looked and seen nothing, and returns to wait for long."""

    def body(ctx: RunContext) -> None:
        if is_paused:
            pause()
            clock(1)
        assert not ctx.wait(1200, "TMDB wants it")
        cancelling.cancel(ctx.run_id, by="ada", clock=clock)

    with registered(body):
        execute(enqueue(clock).pk, clock=clock)
    assert (last().status, last().active_key) == (RunStatus.CANCELLED, None)
    assert last().error == "cancelled by an operator"


# --- holding ----------------------------------------------------------------------------


def test_a_pause_is_stored_once_for_each_holder_and_told(db: None) -> None:
    assert pause()
    assert not pause(why="another reason")
    assert pause(Holder.MACHINE)
    assert set(Pause.objects.values_list("holder", "why")) == {
        ("operator", "the disk is full"),
        ("machine", "the disk is full"),
    }
    told = Event.objects.filter(unit="demo", run=None).order_by("pk")
    assert [event.payload["holder"] for event in told] == ["operator", "machine"]
    assert told[0].payload == {"holder": "operator", "by": "ada", "why": "the disk is full"}


def test_a_pause_needs_a_reason_and_keeps_no_secret(db: None) -> None:
    with pytest.raises(OperatorError, match="needs a reason"):
        pause(why="  ")
    pause(why="api_key=abcdef is refused")
    assert Pause.objects.get().why == "api_key=[secret] is refused"


def test_each_holder_resumes_for_itself(db: None) -> None:
    for holder in Holder:
        pause(holder)
    assert pauses.resume("demo", by="bob", now=NOON, holders=[Holder.ALL])
    assert not pauses.resume("demo", by="bob", now=NOON, holders=[Holder.ALL])
    assert pauses.is_paused("demo")
    assert pauses.resume("demo", by="bob", now=NOON)
    assert not pauses.is_paused("demo")
    assert pauses.paused_units() == set()
    told = Event.objects.filter(kind="resume").order_by("pk")
    assert [event.payload["holder"] for event in told] == ["all", "machine", "operator"]


def test_a_paused_unit_refuses_to_start_and_says_who_and_why(
    clock: FakeClock, foreground: Foreground
) -> None:
    pause()
    with registered(lambda ctx: None), pytest.raises(Paused, match="by ada: the disk is full"):
        enqueue(clock)
    with pytest.raises(Paused, match="by ada: the disk is full"):
        foreground(lambda ctx: None)
    assert not Run.objects.exists()


# --- stopping ---------------------------------------------------------------------------


def test_a_pause_between_two_chunks_lets_not_one_more_be_committed(clock: FakeClock) -> None:
    body = Chunks({2: pause})
    with registered(body):
        run = enqueue(clock)
        OrmQ.objects.all().delete()
        execute(run.pk, clock=clock)
        paused = last()
        assert (paused.status, paused.done_count) == (RunStatus.WAITING, 2)
        assert (paused.resume_at, paused.pid) == (None, None)
        assert paused.wait_reason == "paused by ada: the disk is full"
        assert not OrmQ.objects.exists()
        clock(7 * 24 * 3600)
        assert not execute(run.pk, clock=clock)  # it sticks, however late
        pauses.resume("demo", by="ada", now=clock.now())
        assert OrmQ.objects.get().task["args"] == (run.pk,)
        execute(run.pk, clock=clock)
    assert (last().status, last().done_count) == (RunStatus.COMPLETED, 5)
    assert body.stopped == [StopReason.PAUSE, None]
    assert kinds(run) == ["queued", "start", "waiting", "resume", "complete"]


def test_a_foreground_run_ends_at_a_pause_and_says_why(foreground: Foreground) -> None:
    body = Chunks({1: pause})
    outcome = foreground(body)
    assert (outcome.run.status, outcome.run.done_count) == (RunStatus.CANCELLED, 1)
    assert outcome.run.error == "paused by ada: the disk is full"
    assert outcome.stopped_by is None


def test_a_pause_that_is_over_before_the_run_stopped_for_it_delays_nothing(
    clock: FakeClock,
) -> None:
    with registered(lambda ctx: None):
        run = enqueue(clock)
        claimed = runs.claim_run(run.pk, clock=clock)
        assert claimed is not None
        OrmQ.objects.all().delete()
        runs.park(claimed, None, "paused by ada", clock=clock)
        assert last().resume_at == clock.now()
        assert OrmQ.objects.get().task["args"] == (run.pk,)


def test_what_was_queued_before_the_pause_starts_after_it(clock: FakeClock) -> None:
    with registered(lambda ctx: None):
        run = enqueue(clock)
        pause()
        assert not execute(run.pk, clock=clock)
        assert pauses.runs_held("demo") == 1
        assert not runs.someone_waits(clock.now())
        OrmQ.objects.all().delete()
        pauses.resume("demo", by="ada", now=clock.now())
        assert OrmQ.objects.count() == 1
        assert execute(run.pk, clock=clock)
    assert last().status == RunStatus.COMPLETED


def test_what_waits_for_its_time_is_not_woken_before_it(clock: FakeClock) -> None:
    with registered(lambda ctx: {"waits": ctx.wait(300, "told to")}):
        run = enqueue(clock)
        execute(run.pk, clock=clock)
        pause()
        OrmQ.objects.all().delete()
        pauses.resume("demo", by="ada", now=clock.now())
        assert not OrmQ.objects.exists()
    assert (last().status, run.pk) == (RunStatus.WAITING, last().pk)


def test_one_holder_of_two_wakes_nothing(clock: FakeClock) -> None:
    with registered(lambda ctx: None):
        enqueue(clock)
        pause()
        pause(Holder.ALL)
        OrmQ.objects.all().delete()
        pauses.resume("demo", by="ada", now=clock.now(), holders=[Holder.ALL])
        assert not OrmQ.objects.exists()


def test_a_run_that_waits_for_a_resumption_can_be_cancelled(clock: FakeClock) -> None:
    with registered(Chunks({2: pause})):
        run = enqueue(clock)
        execute(run.pk, clock=clock)
        cancelling.cancel(run.pk, by="ada", why="no more", clock=clock)
    assert (last().status, last().active_key) == (RunStatus.CANCELLED, None)


# --- a unit that must stop as a whole ---------------------------------------------------


@pytest.fixture
def key() -> Iterator[list[str]]:
    """The key in the settings; the condition holds when it is another one."""
    keys = ["old"]
    release_condition("key-works")(lambda pause, now: pause.memory["key"] != keys[-1])
    yield keys
    forget("key-works")


def refused(ctx: RunContext) -> None:
    raise StopsUnit("TMDB refuses the key.", "Set another.", condition="key-works",
                    memory={"key": "old"})  # fmt: skip


def test_a_body_can_stop_its_unit_as_a_whole(clock: FakeClock) -> None:
    with registered(refused):
        run = enqueue(clock)
        execute(run.pk, clock=clock)
    assert last().status == RunStatus.ERROR
    assert last().error == "TMDB refuses the key. Set another."
    held = Pause.objects.get()
    assert (held.unit, held.holder, held.by) == ("demo", "machine", f"run {run.pk}")
    assert (held.condition, held.memory) == ("key-works", {"key": "old"})
    assert held.why == "TMDB refuses the key. Set another."


def test_a_corrected_key_works_at_once_in_the_foreground(
    clock: FakeClock, stop: FakeStop, key: list[str]
) -> None:
    with registered(refused), pytest.raises(StopsUnit):
        run_in_foreground("demo", {}, stop=stop, clock=clock)
    with registered(lambda ctx: None):
        with pytest.raises(Paused, match="TMDB refuses the key"):
            run_in_foreground("demo", {}, stop=stop, clock=clock)
        key.append("new")
        assert run_in_foreground("demo", {}, stop=stop, clock=clock).run.status == "completed"
    assert not Pause.objects.exists()


def test_an_operators_pause_outlives_the_condition(
    clock: FakeClock, stop: FakeStop, key: list[str]
) -> None:
    with registered(refused):
        execute(enqueue(clock).pk, clock=clock)
    pause()
    key.append("new")
    with registered(lambda ctx: None), pytest.raises(Paused, match="by ada"):
        run_in_foreground("demo", {}, stop=stop, clock=clock)
    assert Pause.objects.get().holder == Holder.OPERATOR


def test_a_lost_run_pauses_nothing(clock: FakeClock) -> None:
    def body(ctx: RunContext) -> None:
        runs.mark_lost(Run.objects.get(pk=ctx.run_id), "thought dead", clock=clock)
        refused(ctx)

    with registered(body):
        execute(enqueue(clock).pk, clock=clock)
    assert last().status == RunStatus.LOST
    assert not Pause.objects.exists()
