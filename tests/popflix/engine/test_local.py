"""Workers and processes in this operating-system process, here and now."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.db import OperationalError, connections

from popflix.engine import cancelling, local, pauses, runs
from popflix.engine.context import RunContext
from popflix.engine.local import run_here
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Body, Mode, Registry, Unit
from popflix.engine.runner import NeverStops, RunOutcome, execute
from popflix.engine.slots import Busy
from popflix.engine.starting import retry
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.command import StopRequest
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import FakeClock, FakeReporter, FakeStop
from tests.popflix.engine.seen import kinds

both = pytest.mark.both_databases


def made(mode: Mode = Mode.PARALLEL, **bodies: Body) -> Registry:
    """The process `all` of these workers."""
    registry = Registry()
    for name, body in bodies.items():
        registry.register(Unit(name, body))
    registry.register(Unit("all", None, mode=mode, workers=tuple(bodies)))
    return registry


def run_all(registry: Registry, **options: object) -> RunOutcome:
    options.setdefault("stop", NeverStops(SYSTEM_CLOCK))
    return run_here("all", {"n": 1}, registry=registry, **options)  # type: ignore[arg-type]


def until_stopped(ctx: RunContext) -> None:
    end = time.monotonic() + 10
    while not ctx.should_stop():
        assert time.monotonic() < end
        ctx.pause(0.01)


def statuses(outcome: RunOutcome) -> list[str]:
    return list(outcome.run.children.order_by("step").values_list("status", flat=True))


# --- side by side -----------------------------------------------------------------------------


@both
@pytest.mark.usefixtures("threads")
def test_parallel_workers_meet_each_in_a_thread_of_its_own() -> None:
    meeting = threading.Barrier(3, timeout=10)

    def body(ctx: RunContext) -> Mapping[str, object]:
        meeting.wait()
        return {"thread": threading.current_thread().name, "n": ctx.params["n"]}

    outcome = run_all(made(a=body, b=body, c=body))
    run = outcome.run
    assert (run.status, run.done_count, run.ok_count, run.total_count) == ("completed", 3, 3, 3)
    assert outcome.result == run.result
    assert len({str(result["thread"]) for result in run.result.values()}) == 3
    assert kinds(run) == ["queued", "start", "complete"]


@both
@pytest.mark.usefixtures("threads")
def test_one_failure_does_not_stop_the_others_and_all_are_told() -> None:
    def broken(ctx: RunContext) -> None:
        raise ValueError("no luck")

    outcome = run_all(made(a=broken, b=lambda ctx: None, c=broken))
    assert statuses(outcome) == ["error", "completed", "error"]
    assert outcome.run.status == RunStatus.ERROR
    assert outcome.run.error.count("ValueError: no luck") == 2
    assert outcome.stopped_by is None


@both
@pytest.mark.usefixtures("threads")
def test_a_signal_cancels_the_whole_process() -> None:
    stop = StopRequest()
    at_work = threading.Barrier(2, timeout=10)

    def body(ctx: RunContext) -> None:
        at_work.wait()
        stop.ask(signal.SIGTERM)
        until_stopped(ctx)

    outcome = run_all(made(a=body, b=body), stop=stop)
    assert statuses(outcome) == ["cancelled", "cancelled"]
    assert (outcome.run.status, outcome.stopped_by) == (RunStatus.CANCELLED, signal.SIGTERM)
    assert "stopped by SIGTERM" in outcome.run.error


@both
@pytest.mark.usefixtures("threads")
def test_an_operator_cancels_a_process_at_work() -> None:
    at_work = threading.Barrier(2, timeout=10)

    def cancel(ctx: RunContext) -> None:
        at_work.wait()
        parent = Run.objects.get(unit="all")
        cancelling.cancel(parent.pk, by="ada", clock=SYSTEM_CLOCK)
        until_stopped(ctx)

    def wait(ctx: RunContext) -> None:
        at_work.wait()
        until_stopped(ctx)

    outcome = run_all(made(a=cancel, b=wait))
    assert statuses(outcome) == ["cancelled", "cancelled"]
    assert (outcome.run.status, outcome.stopped_by) == (RunStatus.CANCELLED, None)


@pytest.mark.usefixtures("threads")
def test_ctrl_c_lets_the_workers_end_their_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    is_interrupted: list[bool] = []
    join = threading.Thread.join

    def interrupted(self: threading.Thread, timeout: float | None = None) -> None:
        if not is_interrupted:
            is_interrupted.append(True)
            raise KeyboardInterrupt
        join(self, timeout)

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_all(made(a=until_stopped, b=until_stopped))
    assert Run.objects.get(unit="all").status == RunStatus.CANCELLED


@pytest.mark.usefixtures("threads")
def test_a_worker_whose_slot_is_taken_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "RETRY_SECONDS", 0.01)
    registry = made(a=lambda ctx: None, b=lambda ctx: None)
    other = runs.create_run(
        "a", {}, trigger="command", clock=SYSTEM_CLOCK, status=RunStatus.RUNNING, registry=registry
    )
    looked = []

    class EndsItThen(NeverStops):
        def wait(self, seconds: float) -> bool:
            looked.append(seconds)
            if len(looked) == 2:
                runs.finish(other, "completed", clock=SYSTEM_CLOCK, registry=registry)
            return super().wait(seconds)

    outcome = run_all(registry, stop=EndsItThen(SYSTEM_CLOCK))
    assert outcome.run.status == RunStatus.COMPLETED
    assert len(looked) == 2


@pytest.mark.usefixtures("threads")
def test_a_worker_waits_for_a_database_that_is_away_for_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody else could start it, and it would hold its slot for as long as we live."""
    monkeypatch.setattr(local, "RETRY_SECONDS", 0.01)
    failures = [OperationalError(2006, "server has gone away")] * 3

    def away(run_id: int, **options: Any) -> bool:
        if failures:
            raise failures.pop()
        return execute(run_id, **options)

    monkeypatch.setattr(local, "execute", away)
    outcome = run_all(made(a=lambda ctx: None, b=lambda ctx: None))
    assert statuses(outcome) == ["completed", "completed"]
    assert outcome.run.status == RunStatus.COMPLETED


@pytest.mark.usefixtures("threads")
def test_a_worker_that_is_cancelled_before_it_begins_is_left_alone() -> None:
    def first(ctx: RunContext) -> None:
        second = Run.objects.get(unit="b")
        cancelling.cancel(second.pk, by="ada", clock=SYSTEM_CLOCK)

    registry = made(a=first, b=lambda ctx: None)
    runs.create_run(
        "b", {}, trigger="command", clock=SYSTEM_CLOCK, status=RunStatus.RUNNING, registry=registry
    )
    Run.objects.update(unit="b ", slot=0)  # holds the slot of b all the time
    outcome = run_all(registry)
    assert statuses(outcome) == ["completed", "cancelled"]


# --- one after the other: no threads needed ---------------------------------------------------


@pytest.fixture
def in_turn(clock: FakeClock, stop: FakeStop) -> Callable[..., RunOutcome]:
    def run(**bodies: Body) -> RunOutcome:
        registry = made(Mode.SEQUENTIAL, **bodies)
        return run_all(registry, stop=stop, clock=clock)

    return run


@both
@pytest.mark.django_db
def test_steps_hand_their_results_on(in_turn: Callable[..., RunOutcome]) -> None:
    seen: list[dict[str, object]] = []

    def step(ctx: RunContext) -> Mapping[str, object]:
        seen.append(dict(ctx.handed_on))
        return {"last": ctx.unit, ctx.unit: len(seen)}

    outcome = in_turn(a=step, b=step, c=step)
    assert seen == [{}, {"last": "a", "a": 1}, {"last": "b", "a": 1, "b": 2}]
    assert list(outcome.result) == ["a", "b", "c"]
    assert outcome.result["c"] == {"last": "c", "c": 3}


@both
@pytest.mark.django_db
def test_a_sequence_stops_at_its_first_failure_and_goes_on_from_it(
    in_turn: Callable[..., RunOutcome], clock: FakeClock
) -> None:
    is_mended: list[bool] = []

    def broken(ctx: RunContext) -> Mapping[str, object]:
        if not is_mended:
            raise ValueError("no luck")
        return {"b": ctx.handed_on["a"]}

    bodies: dict[str, Body] = {
        "a": lambda ctx: {"a": "of the first try"},
        "b": broken,
        "c": lambda ctx: {"c": ctx.handed_on["b"]},
    }
    outcome = in_turn(**bodies)
    assert statuses(outcome) == ["completed", "error"]
    assert (outcome.run.status, outcome.result) == ("error", {"a": {"a": "of the first try"}})
    is_mended.append(True)
    registry = made(Mode.SEQUENTIAL, **bodies)
    again = retry(outcome.run.pk, by="ada", clock=clock, registry=registry)
    for _ in range(2):
        step = Run.objects.get(parent=again, status="queued")
        assert execute(step.pk, clock=clock, registry=registry)
    again.refresh_from_db()
    assert again.status == RunStatus.COMPLETED
    assert again.result == {"b": {"b": "of the first try"}, "c": {"c": "of the first try"}}


@both
@pytest.mark.django_db
def test_a_signal_ends_a_sequence_between_two_steps(
    in_turn: Callable[..., RunOutcome], stop: FakeStop
) -> None:
    outcome = in_turn(a=lambda ctx: stop.ask(signal.SIGINT), b=lambda ctx: None)
    assert statuses(outcome) == ["completed", "cancelled"]
    assert (outcome.run.status, outcome.stopped_by) == ("cancelled", signal.SIGINT)
    assert "stopped before it began" in outcome.run.error


@pytest.mark.django_db
def test_a_second_ctrl_c_ends_a_sequence_at_once(in_turn: Callable[..., RunOutcome]) -> None:
    def interrupted(ctx: RunContext) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_turn(a=interrupted, b=lambda ctx: None)
    run = Run.objects.get(unit="all")
    assert (run.status, run.children.count()) == (RunStatus.CANCELLED, 1)


@both
@pytest.mark.django_db
def test_a_worker_that_is_paused_meanwhile_ends_the_sequence(
    in_turn: Callable[..., RunOutcome], clock: FakeClock
) -> None:
    def pause_the_next(ctx: RunContext) -> None:
        pauses.pause("b", by="ada", why="the disk is full", now=clock.now())

    outcome = in_turn(a=pause_the_next, b=lambda ctx: None)
    assert statuses(outcome) == ["completed", "cancelled"]
    assert "paused by ada: the disk is full" in outcome.run.error


@pytest.mark.django_db
def test_a_worker_that_is_released_meanwhile_ends_the_sequence(
    clock: FakeClock, stop: FakeStop
) -> None:
    def release_b(ctx: RunContext) -> None:
        registry.release("b")

    registry = made(Mode.SEQUENTIAL, a=lambda ctx: None, b=lambda ctx: None)
    registry.release("a")
    registry.register(Unit("a", release_b))
    outcome = run_all(registry, stop=stop, clock=clock)
    assert outcome.run.status == RunStatus.ERROR


@pytest.mark.django_db
@pytest.mark.parametrize("unit", ["all", "b"])
def test_a_pause_of_the_process_or_of_a_worker_refuses_the_start(
    unit: str, in_turn: Callable[..., RunOutcome], clock: FakeClock
) -> None:
    pauses.pause(unit, by="ada", why="the disk is full", now=clock.now())
    with pytest.raises(pauses.Paused, match="the disk is full"):
        in_turn(a=lambda ctx: None, b=lambda ctx: None)
    assert not Run.objects.exists()


@pytest.mark.django_db
def test_a_process_runs_once_at_a_time(clock: FakeClock, stop: FakeStop) -> None:
    registry = made(Mode.SEQUENTIAL, a=lambda ctx: None)

    def again(ctx: RunContext) -> None:
        run_all(registry, stop=stop, clock=clock)

    registry.release("a")
    registry.register(Unit("a", again))
    outcome = run_all(registry, stop=stop, clock=clock)
    assert "All slots of all are taken" in outcome.run.error
    with pytest.raises(Busy):
        raise Busy("all", [])


@pytest.mark.django_db
def test_a_process_shows_how_many_workers_have_ended(clock: FakeClock, stop: FakeStop) -> None:
    def body(ctx: RunContext) -> None:
        ctx.progress(17, 100)
        ctx.note(f"{ctx.unit} was here")

    reporter = FakeReporter()
    registry = made(Mode.SEQUENTIAL, a=body, b=body)
    run_all(registry, stop=stop, clock=clock, reporter=reporter)
    assert reporter.shown == [(0, 2), (1, 2), (2, 2)]
    assert reporter.notes == ["a was here", "b was here"]


@pytest.mark.django_db
def test_a_worker_runs_as_a_worker(clock: FakeClock, stop: FakeStop) -> None:
    registry = made(Mode.SEQUENTIAL, a=lambda ctx: {"n": ctx.params["n"]})
    outcome = run_here("a", {"n": 5}, stop=stop, clock=clock, registry=registry)
    assert (outcome.run.parent, outcome.result) == (None, {"n": 5})
    with pytest.raises(OperatorError, match="There is no unit z"):
        run_here("z", {}, stop=stop, clock=clock, registry=registry)
    assert connections["default"].is_usable()
