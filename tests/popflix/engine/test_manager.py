"""The manager: one handle on the engine for a program of one's own."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import pytest
from django.db import transaction

import popflix.engine
from popflix.engine import create_manager, creating, current, pauses, runs
from popflix.engine.bus import Heard
from popflix.engine.context import RunContext
from popflix.engine.creating import Order
from popflix.engine.loop import IntervalLoop, Pool
from popflix.engine.managing import Manager
from popflix.engine.models import Event, Pause, Run
from popflix.engine.models.pauses import Holder
from popflix.engine.registry import Registry, Unit
from popflix.engine.registry import registry as all_units
from popflix.engine.runner import RunOutcome
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import FakeClock
from tests.site import ROOT

both = pytest.mark.both_databases


class FakeLoop:
    """Steps when the test says so."""

    def __init__(self) -> None:
        self.step: Callable[[], object] = lambda: None
        self.calls: list[str] = []

    def start(self, step: Callable[[], object]) -> None:
        self.step = step
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")


class FakeWatcher:
    def __init__(self) -> None:
        self.ticks = 0

    def tick(self) -> None:
        self.ticks += 1


@pytest.fixture
def manager(clock: FakeClock) -> Iterator[Manager]:
    made = create_manager(registry=Registry(), loop=FakeLoop(), watcher=FakeWatcher(), clock=clock)
    yield made
    made.stop()


@pytest.fixture
def busy_manager() -> Iterator[Manager]:
    """With a real loop, pool and watcher."""
    made = create_manager(registry=Registry(), loop=IntervalLoop(0.02))
    yield made
    made.stop()


def statuses(manager: Manager) -> dict[str, str]:
    return {unit.name: str(unit.status) for unit in manager.list_units()}


def holders(unit: str) -> set[str]:
    return set(Pause.objects.filter(unit=unit).values_list("holder", flat=True))


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


# --- the package ------------------------------------------------------------------------------


def test_the_default_manager_is_one_and_has_the_sites_units() -> None:
    from popflix.engine import create_synchronik_manager, manager

    assert manager is popflix.engine.manager
    assert manager.registry is all_units
    assert create_synchronik_manager is create_manager
    assert create_manager().registry is all_units
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        popflix.engine.nothing  # noqa: B018


def test_importing_the_package_imports_no_models() -> None:
    """It is an app: Django imports it before models may be imported."""
    code = "import popflix.engine, sys; sys.exit('popflix.engine.models' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# --- units ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_units_are_registered_listed_and_released(manager: Manager) -> None:
    manager.register_unit({"id": "my-first-worker", "status": "idle", "run": lambda: None})
    manager.register_unit(Unit("of-ours", lambda ctx: None))
    assert statuses(manager) == {"my-first-worker": "idle", "of-ours": "idle"}
    assert manager.release_unit("my-first-worker").name == "my-first-worker"
    assert statuses(manager) == {"of-ours": "idle"}
    with pytest.raises(OperatorError, match="There is no unit my-first-worker"):
        manager.release_unit("my-first-worker")


@pytest.mark.django_db
def test_a_process_may_come_before_its_workers_and_these_once_more(manager: Manager) -> None:
    worker = {"id": "a", "status": "idle", "run": lambda: None}
    process = {"id": "p", "status": "idle", "workers": [worker, "b"]}
    manager.register_unit(process)
    manager.register_unit(worker)
    manager.register_unit({"id": "b", "run": lambda: None})
    manager.register_unit(process)
    assert statuses(manager) == {"a": "idle", "b": "idle", "p": "idle"}
    with pytest.raises(ValueError, match="unit a is registered twice"):
        manager.register_unit({"id": "a", "run": lambda: "another one"})
    with pytest.raises(ValueError, match="lower case words"):
        manager.register_unit({"id": "No Name", "run": lambda: None})


@pytest.mark.django_db
def test_a_unit_that_comes_paused_is_paused_and_refuses_to_run(manager: Manager) -> None:
    manager.register_unit({"id": "a", "status": "paused", "run": lambda: None})
    assert statuses(manager) == {"a": "paused"}
    assert holders("a") == {"operator"}
    for refused in (manager.run_unit, manager.run_unit_by_id, manager.enqueue):
        with pytest.raises(pauses.Paused, match="registered as paused"):
            refused("a")
    assert not Run.objects.exists()


# --- running ----------------------------------------------------------------------------------


@both
@pytest.mark.django_db
def test_a_unit_runs_here_with_what_it_is_given(manager: Manager) -> None:
    def run(ctx: RunContext) -> Mapping[str, object]:
        return {"n": ctx.params["n"]}

    manager.register_unit({"id": "a", "run": run})
    outcome = manager.run_unit("a", {"n": 3})
    assert (outcome.run.status, outcome.run.trigger, outcome.result) == (
        "completed", "manager", {"n": 3},
    )  # fmt: skip
    assert statuses(manager) == {"a": "completed"}


@pytest.mark.django_db
def test_what_breaks_a_worker_is_raised_and_stored(manager: Manager) -> None:
    def run() -> None:
        raise ValueError("no luck")

    manager.register_unit({"id": "a", "run": run})
    with pytest.raises(ValueError, match="no luck"):
        manager.run_unit("a")
    assert statuses(manager) == {"a": "error"}


@pytest.mark.django_db
def test_a_coroutine_worker_runs_like_any_other(manager: Manager) -> None:
    async def run() -> int:
        await asyncio.sleep(0)
        manager.emit_milestone("fetched", {"count": 7})
        return 7

    manager.register_unit({"id": "a", "run": run})
    outcome = manager.run_unit("a")
    assert outcome.result == {"returned": 7}
    told = Event.objects.get(kind="milestone")
    assert (told.run_id, told.milestone_id, told.payload) == (
        outcome.run.pk, "fetched", {"count": 7},
    )  # fmt: skip


@pytest.mark.django_db
def test_a_process_may_be_run_as_a_unit_but_a_worker_not_as_a_process(manager: Manager) -> None:
    manager.register_unit({"id": "p", "workers": [{"id": "a", "run": lambda: 1}]})
    assert manager.run_unit("p").result == {"a": {"returned": 1}}
    assert isinstance(manager.run_process_by_id("p"), RunOutcome)
    with pytest.raises(OperatorError, match="a is no process"):
        manager.run_process("a")


@pytest.mark.usefixtures("threads")
def test_coroutines_await_what_would_block_their_loop(manager: Manager) -> None:
    manager.register_unit({"id": "p", "workers": [{"id": "a", "run": lambda: 1}]})

    async def main() -> list[RunOutcome]:
        with pytest.raises(RuntimeError, match=r"await manager\.arun_unit"):
            manager.run_unit("a")
        outcomes = [await manager.arun_unit("a"), await manager.arun_process("p")]
        running = manager.run_unit_by_id("a")
        assert not isinstance(running, RunOutcome)
        outcomes.append(await running)
        manager.emit_milestone("done")
        with pytest.raises(OperatorError, match="no unit z"):
            await manager.arun_unit("z")
        await manager.astop()
        return outcomes

    assert [each.run.status for each in asyncio.run(main())] == ["completed"] * 3
    told = Event.objects.get(kind="milestone")
    assert (told.run_id, told.unit, told.milestone_id) == (None, "", "done")


@pytest.mark.usefixtures("threads")
def test_a_coroutine_that_is_cancelled_stops_its_run(busy_manager: Manager) -> None:
    at_work = threading.Event()

    def run(ctx: RunContext) -> None:
        at_work.set()
        until(ctx.should_stop)

    busy_manager.register_unit({"id": "a", "run": run})

    async def main() -> None:
        running = asyncio.ensure_future(busy_manager.arun_unit("a"))
        while not at_work.is_set():
            await asyncio.sleep(0.005)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())
    assert Run.objects.get().error == f"stopped by {signal.SIGINT.name}"


# --- the engine -------------------------------------------------------------------------------


@both
@pytest.mark.django_db
def test_stop_all_pauses_and_start_all_ends_only_that(manager: Manager, clock: FakeClock) -> None:
    for name in ("a", "b", "c"):
        manager.register_unit({"id": name, "run": lambda: None})
    pauses.pause("b", by="ada", why="the disk is full", now=clock.now())
    pauses.pause("c", by="run 1", why="key", now=clock.now(), holder=Holder.MACHINE)
    assert manager.stop_all() == ["a", "b", "c"]
    assert manager.stop_all() == []
    assert statuses(manager) == dict.fromkeys("abc", "paused")
    assert manager.start_all() == ["a", "b", "c"]
    assert statuses(manager) == {"a": "idle", "b": "paused", "c": "paused"}
    assert (holders("b"), holders("c")) == ({"operator"}, {"machine"})
    assert manager.start_all(force=True) == ["b", "c"]
    assert statuses(manager) == dict.fromkeys("abc", "idle")


@both
@pytest.mark.django_db
def test_start_all_makes_ended_units_idle_again(manager: Manager) -> None:
    def broken() -> None:
        raise ValueError

    manager.register_unit({"id": "good", "run": lambda: None})
    manager.register_unit({"id": "bad", "run": broken})
    manager.register_unit({"id": "new", "run": lambda: None})
    manager.run_unit("good")
    with pytest.raises(ValueError):
        manager.run_unit("bad")
    manager.stop_all()
    manager.start_all(by="ada")
    assert statuses(manager) == {"bad": "idle", "good": "idle", "new": "idle"}
    told = Event.objects.filter(kind="reset").order_by("id")
    assert [(each.unit, each.payload) for each in told] == [
        ("bad", {"by": "ada", "was": "error"}),
        ("good", {"by": "ada", "was": "completed"}),
    ]


@pytest.mark.django_db
def test_each_part_may_be_ones_own(clock: FakeClock) -> None:
    loop, watcher = FakeLoop(), FakeWatcher()
    manager = create_manager(registry=Registry(), loop=loop, watcher=watcher, clock=clock)
    manager.start()
    loop.step()
    loop.step()
    manager.stop()
    manager.start()
    manager.stop()
    assert watcher.ticks == 2
    assert loop.calls == ["start", "stop"] * 2


@both
@pytest.mark.usefixtures("threads")
def test_a_started_manager_takes_what_is_queued_and_can_be_started_again(
    busy_manager: Manager,
) -> None:
    def run(ctx: RunContext) -> Mapping[str, object]:
        return {"thread": threading.current_thread() is not threading.main_thread()}

    busy_manager.register_unit({"id": "a", "run": run})
    for _ in range(2):
        busy_manager.start()
        busy_manager.start()
        queued = busy_manager.enqueue("a", by="ada")
        until(lambda run=queued.pk: Run.objects.get(pk=run).status == "completed")  # type: ignore[misc]
        busy_manager.stop()
    waiting = busy_manager.enqueue("a")
    time.sleep(0.1)
    assert Run.objects.get(pk=waiting.pk).status == "queued"
    assert Run.objects.filter(result={"thread": True}).count() == 2


@both
@pytest.mark.usefixtures("threads")
def test_a_started_manager_runs_idle_units_at_their_interval(busy_manager: Manager) -> None:
    busy_manager.register_unit({"id": "a", "run": lambda: None, "every_seconds": 1})
    busy_manager.start()
    until(lambda: Run.objects.filter(unit="a", status="completed").count() == 2)
    busy_manager.stop()
    assert set(Run.objects.values_list("trigger", flat=True)) == {"schedule"}


@both
@pytest.mark.usefixtures("threads")
def test_a_queued_process_runs_step_by_step(busy_manager: Manager) -> None:
    heard: list[str] = []
    unsubscribe = busy_manager.subscribe(
        lambda event: heard.append(f"{event.unit_id} {event.type}")
    )
    workers = [{"id": name, "run": lambda: None} for name in ("a", "b", "c")]
    busy_manager.register_unit({"id": "p", "workers": workers, "mode": "sequential"})
    busy_manager.start()
    parent = busy_manager.enqueue("p")
    until(lambda: Run.objects.get(pk=parent.pk).status == "completed")
    busy_manager.stop()
    unsubscribe()
    assert heard == [
        "p queued", "a queued", "p start", "a start", "a complete", "b queued", "b start",
        "b complete", "c queued", "c start", "c complete", "p complete",
    ]  # fmt: skip


@both
@pytest.mark.usefixtures("threads")
def test_stopping_hands_over_what_is_at_work(busy_manager: Manager) -> None:
    def run(ctx: RunContext) -> None:
        until(ctx.should_stop)

    busy_manager.register_unit({"id": "a", "run": run})
    busy_manager.start()
    queued = busy_manager.enqueue("a")
    until(lambda: Run.objects.get(pk=queued.pk).status == "running")
    busy_manager.stop()
    handed_over = Run.objects.get(pk=queued.pk)
    assert (handed_over.status, handed_over.pid) == ("waiting", None)
    assert handed_over.wait_reason == "its worker is being stopped"


@pytest.mark.usefixtures("threads")
def test_stopping_waits_for_what_another_thread_runs_here(busy_manager: Manager) -> None:
    at_work, may_end = threading.Event(), threading.Event()

    def run() -> None:
        at_work.set()
        may_end.wait(10)

    busy_manager.register_unit({"id": "a", "run": run})
    running = threading.Thread(target=asyncio.run, args=[busy_manager.arun_unit("a")])
    running.start()
    at_work.wait(10)
    threading.Timer(0.05, may_end.set).start()
    busy_manager.stop()
    assert Run.objects.get().status == "completed"
    running.join()


@pytest.mark.usefixtures("threads")
def test_no_more_runs_are_taken_at_once_than_there_is_room_for() -> None:
    registry, at_once, most = Registry(), [], []

    def run(ctx: RunContext) -> None:
        at_once.append(ctx.run_id)
        most.append(len(at_once))
        time.sleep(0.03)
        at_once.remove(ctx.run_id)

    registry.register(Unit("a", run, slots=6))
    manager = create_manager(registry=registry, loop=FakeLoop(), watcher=FakeWatcher())
    for _ in range(6):
        manager.enqueue("a")
    pool = Pool(2, clock=SYSTEM_CLOCK, registry=registry)
    pool.open()
    pool.fill()
    until(lambda: Run.objects.filter(status="completed").count() == 6)
    pool.close()
    assert max(most) == 2


@both
@pytest.mark.usefixtures("threads")
def test_runs_that_wait_for_a_busy_unit_keep_no_others_from_starting() -> None:
    registry = Registry()
    for name in ("busy", "free"):
        registry.register(Unit(name, lambda ctx: None))
    runs.create_run(
        "busy", {}, trigger="command", clock=SYSTEM_CLOCK, status="running", registry=registry
    )
    for n, name in enumerate(["busy", "busy", "free", "free"]):
        order = Order(registry.get(name), {}, "retry", on_queue=True, waits_as=f"again-{n}")
        creating.store(order, SYSTEM_CLOCK.now())
    Run.objects.filter(slot=0, unit="free").update(slot=None, active_key="free:queue:again-0")
    pool = Pool(2, clock=SYSTEM_CLOCK, registry=registry)
    pool.open()
    pool.fill()
    until(lambda: Run.objects.filter(unit="free", status="completed").count() == 2)
    pool.close()
    assert Run.objects.filter(unit="busy", status="queued").count() == 2


def test_a_step_that_breaks_is_logged_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    steps: list[int] = []

    def step() -> None:
        steps.append(len(steps))
        raise ValueError("a bug")

    loop = IntervalLoop(0.005)
    loop.start(step)
    until(lambda: len(steps) > 2)
    loop.stop()
    loop.stop()
    count = len(steps)
    time.sleep(0.02)
    assert len(steps) == count
    assert "a step of the loop broke" in caplog.text


# --- events -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("threads")
def test_whoever_subscribes_hears_the_whole_life_of_a_run(manager: Manager) -> None:
    heard: list[Heard] = []
    milestones: list[tuple[str, Mapping[str, object]]] = []
    ends = [
        manager.subscribe(heard.append),
        manager.on_milestone(lambda name, payload: milestones.append((name, payload))),
    ]
    manager.register_unit({"id": "a", "run": lambda: manager.emit_milestone("m", {"n": 1})})
    run = manager.run_unit("a").run
    assert [each.type for each in heard] == ["queued", "start", "milestone", "complete"]
    assert {(each.unit_id, each.run_id) for each in heard} == {("a", run.pk)}
    assert [name for name, _ in milestones] == [
        "unit.a.queued", "unit.a.running", "m", "unit.a.completed",
    ]  # fmt: skip
    assert milestones[2] == ("m", {"n": 1})
    for unsubscribe in ends:
        unsubscribe()
        unsubscribe()
    manager.run_unit("a")
    assert len(heard) == 4


@pytest.mark.usefixtures("threads")
def test_a_milestone_within_a_transaction_of_ones_own_is_part_of_it(manager: Manager) -> None:
    def run(ctx: RunContext) -> None:
        with ctx.commit():
            manager.emit_milestone("in-a-commit")
        with transaction.atomic():
            manager.emit_milestone("in-a-transaction")
            transaction.set_rollback(True)
        with transaction.atomic():
            manager.emit_milestone("in-another", {"n": 1})

    manager.register_unit({"id": "a", "run": run})
    outcome = manager.run_unit("a")
    told = Event.objects.filter(kind="milestone").order_by("id")
    assert [(each.milestone_id, each.run_id, each.unit) for each in told] == [
        ("in-a-commit", outcome.run.pk, "a"),
        ("in-another", outcome.run.pk, "a"),
    ]


@both
@pytest.mark.django_db
def test_threads_of_a_body_tell_milestones_of_its_run(manager: Manager) -> None:
    import contextvars

    def run(ctx: RunContext) -> None:
        inherited = contextvars.copy_context()
        told = ("from-a-thread", {"n": 1})
        thread = threading.Thread(target=inherited.run, args=(manager.emit_milestone, *told))
        thread.start()
        thread.join()
        with ctx.commit(done=1):
            manager.emit_milestone("later")
        asyncio.run(in_a_loop())
        raise ValueError("told all the same")

    async def in_a_loop() -> None:
        manager.emit_milestone("from-a-loop")

    manager.register_unit({"id": "a", "run": run})
    with pytest.raises(ValueError, match="told all the same"):
        manager.run_unit("a")
    told = Event.objects.filter(kind="milestone").order_by("id")
    assert [each.milestone_id for each in told] == ["from-a-thread", "later", "from-a-loop"]
    assert {each.run_id for each in told} == {Run.objects.get().pk}


@pytest.mark.django_db
def test_outside_of_every_run_a_milestone_belongs_to_none(manager: Manager) -> None:
    manager.emit_milestone("user-logged-in", {"userId": 123})
    told = Event.objects.get()
    assert (told.run_id, told.unit, told.payload) == (None, "", {"userId": 123})
    assert current.current_context() is None


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "x" * 151])
def test_a_milestone_needs_an_id_that_can_be_stored(name: str, manager: Manager) -> None:
    with pytest.raises(ValueError, match="1 to 150 characters"):
        manager.emit_milestone(name)


@pytest.mark.usefixtures("threads")
def test_a_milestone_that_cannot_be_stored_later_is_logged(
    manager: Manager, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ValueError("no table")

    async def main() -> None:
        manager.emit_milestone("lost")

    monkeypatch.setattr("popflix.engine.current.events.tell", broken)
    asyncio.run(main())
    current.wait_until_written()
    assert "the milestone lost could not be stored" in caplog.text
