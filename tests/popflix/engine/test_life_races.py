"""Two processes at the same row at the same moment: one wins, and nothing is told twice."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from django.db import OperationalError, connection

from popflix.engine import cancelling, leases, pauses, runs, starting
from popflix.engine.creating import Order
from popflix.engine.fence import FenceLost
from popflix.engine.models import Event, Run, RunStatus
from popflix.engine.registry import Mode, Unit
from popflix.engine.states import fold
from popflix.lib.errors import OperatorError
from tests.popflix.engine.crew import Crew, again, children
from tests.popflix.engine.fakes import FakeClock
from tests.popflix.engine.seen import kinds
from tests.popflix.engine.vendors import on_a_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases, on_a_server]
ROUNDS = 20


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Each in a thread and on a connection of its own, all let go at the same moment."""
    gate = threading.Barrier(len(acts))

    def act(does: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            gate.wait(timeout=10)
            return does()
        except (OperatorError, FenceLost) as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


@pytest.fixture
def crew(clock: FakeClock) -> Crew:
    made = Crew(clock)
    for name in ("left", "right", "third"):
        made.worker(name, slots=2)
    made.registry.register(
        Unit("day", None, 2, mode=Mode.PARALLEL, workers=["left", "right", "third"])
    )
    made.registry.register(
        Unit("row", None, 2, mode=Mode.SEQUENTIAL, workers=["left", "left", "left"])
    )
    return made


def finishing(crew: Crew, run: Run, status: str = RunStatus.COMPLETED) -> Callable[[], None]:
    return lambda: runs.finish(run, status, clock=crew.clock, registry=crew.registry)


def claiming(crew: Crew, run: Run) -> Callable[[], Run | None]:
    return lambda: runs.claim_run(run.pk, clock=crew.clock, registry=crew.registry)


def assert_that_all_agrees() -> None:
    for run in Run.objects.all():
        assert fold(kinds(run)) == run.status


def test_a_run_that_is_parked_and_cancelled_at_the_same_moment_is_cancelled(crew: Crew) -> None:
    for _ in range(ROUNDS):
        run = crew.claim(crew.enqueue("left"))
        later = crew.clock.now() + dt.timedelta(minutes=20)

        def park(run: Run = run, later: dt.datetime = later) -> None:
            runs.park(run, later, "Retry-After", clock=crew.clock)
            cancelling.end_if_asked(run, why="so", clock=crew.clock, registry=crew.registry)

        at_once(
            park,
            lambda run=run: cancelling.cancel(  # type: ignore[misc]
                run.pk, by="ada", clock=crew.clock, registry=crew.registry
            ),
        )
        assert Run.objects.get(pk=run.pk).status == RunStatus.CANCELLED
    assert_that_all_agrees()


def test_a_deadlock_while_rows_are_given_back_does_not_undo_the_end_in_silence(
    crew: Crew,
) -> None:
    """The database undoes the whole transaction, the end of the run with it: it is done again."""
    calls: list[int] = []

    def deadlocked_once(run: Run, prefix: str) -> None:
        calls.append(run.pk)
        if len(calls) == 1:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")  # what the server does to the loser
            raise OperationalError(1213, "Deadlock found when trying to get lock")

    run = crew.claim(crew.enqueue("left"))
    leases.on_run_lost(deadlocked_once)
    try:
        runs.mark_lost(run, "its process is gone", clock=crew.clock, registry=crew.registry)
    finally:
        leases.forget(deadlocked_once)
    assert len(calls) == 2
    assert Run.objects.get(pk=run.pk).status == RunStatus.LOST
    assert_that_all_agrees()


def test_two_who_retry_a_run_at_the_same_moment_start_it_once(crew: Crew) -> None:
    for _ in range(ROUNDS):
        failed = crew.claim(crew.enqueue("left"))
        finishing(crew, failed, RunStatus.ERROR)()

        def retry(run: Run = failed) -> Run:
            return starting.retry(run.pk, by="ada", clock=crew.clock, registry=crew.registry)

        made = [run for run in at_once(retry, retry) if isinstance(run, Run)]
        assert len(made) == 1
        finishing(crew, crew.claim(made[0]))()
    assert_that_all_agrees()


def test_of_children_that_end_at_the_same_moment_exactly_one_ends_the_parent(crew: Crew) -> None:
    for n in range(ROUNDS):
        parent = crew.enqueue("day")
        claimed = [crew.claim(child) for child in children(parent)]
        statuses = ["completed", "error" if n % 2 else "completed", "completed"]
        pairs = zip(claimed, statuses, strict=True)
        assert at_once(*(finishing(crew, run, status) for run, status in pairs)) == [None] * 3
        assert again(parent).status == ("error" if n % 2 else "completed")
        assert len(kinds(parent)) == 3
        assert again(parent).done_count == 3
    assert_that_all_agrees()


def test_children_that_start_at_the_same_moment_start_their_parent_once(crew: Crew) -> None:
    for _ in range(ROUNDS):
        parent = crew.enqueue("day")
        claimed = at_once(*(claiming(crew, child) for child in children(parent)))
        assert all(isinstance(run, Run) for run in claimed)
        assert kinds(parent) == ["queued", "start"]
        for run in claimed:
            assert isinstance(run, Run)
            finishing(crew, run)()
    assert_that_all_agrees()


def test_a_run_that_is_delivered_to_many_is_taken_by_one(crew: Crew) -> None:
    for _ in range(ROUNDS):
        run = crew.enqueue("left")
        got = [each for each in at_once(*[claiming(crew, run)] * 4) if each is not None]
        assert len(got) == 1
        assert kinds(run) == ["queued", "start"]
        assert isinstance(got[0], Run)
        finishing(crew, got[0])()


def test_a_unit_never_has_more_runs_than_slots(crew: Crew) -> None:
    def enqueuing(n: int) -> Callable[[], Run]:
        order = Order(crew.registry.get("left"), {}, "admin", on_queue=True, waits_as=f"s-{n}")
        return lambda: starting.start(order, crew.clock.now(), crew.registry)

    stored = at_once(*(enqueuing(n) for n in range(5)))
    assert all(isinstance(run, Run) for run in stored)
    slots = list(Run.objects.exclude(slot=None).order_by("slot").values_list("slot", flat=True))
    assert slots == [0, 1]
    while active := list(Run.objects.exclude(active_key=None)):
        taken = [run for run in at_once(*(claiming(crew, run) for run in active)) if run]
        assert len(taken) <= 2
        at_once(*(finishing(crew, run) for run in taken if isinstance(run, Run)))
    assert not Run.objects.exclude(status=RunStatus.COMPLETED).exists()
    assert_that_all_agrees()


def test_a_cancel_beside_starts_and_ends_leaves_nothing_open(crew: Crew) -> None:
    def cancelling_it(run: Run) -> Callable[[], Run]:
        return lambda: cancelling.cancel(
            run.pk, by="ada", clock=crew.clock, registry=crew.registry
        )

    for unit in ["day", "row"] * (ROUNDS // 2):
        parent = crew.enqueue(unit)
        first, *others = children(parent)
        held = crew.claim(first)
        starts = [claiming(crew, child) for child in others]
        done = at_once(finishing(crew, held), cancelling_it(parent), *starts)
        for run in done[2:]:
            if isinstance(run, Run):
                finishing(crew, run, RunStatus.CANCELLED)()
        for child in children(parent):
            if again(child).status == RunStatus.RUNNING:
                finishing(crew, again(child), RunStatus.CANCELLED)()
        assert not Run.objects.exclude(active_key=None).exists()
        assert again(parent).status in (RunStatus.CANCELLED, RunStatus.COMPLETED)
    assert_that_all_agrees()


def test_two_who_resume_or_pause_at_once_tell_it_once(crew: Crew) -> None:
    now = crew.clock.now()
    for _ in range(ROUNDS):
        paused = at_once(*[lambda: pauses.pause("left", by="a", why="b", now=now)] * 3)
        assert sorted(map(bool, paused)) == [False, False, True]
        resumed = at_once(*[lambda: pauses.resume("left", by="a", now=now)] * 3)
        assert sorted(map(bool, resumed)) == [False, False, True]
    told = list(Event.objects.order_by("pk").values_list("kind", flat=True))
    assert told == ["pause", "resume"] * ROUNDS


def test_starts_and_ends_of_many_units_deadlock_nobody(crew: Crew) -> None:
    """Locks are taken parents first; what the database still undoes is tried again."""
    for _ in range(3):
        parents = [crew.enqueue(unit) for unit in ("day", "row")]
        while active := _nobodys(parents):
            taken = at_once(*(claiming(crew, run) for run in active))
            ends = [finishing(crew, run) for run in taken if isinstance(run, Run)]
            assert not [end for end in at_once(*ends) if end is not None]
        assert {again(parent).status for parent in parents} == {RunStatus.COMPLETED}
    assert_that_all_agrees()


def _nobodys(parents: Sequence[Run]) -> list[Run]:
    found = chain.from_iterable(children(parent) for parent in parents)
    return [run for run in found if run.active_key is not None]
