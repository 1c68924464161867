"""What a change of a run costs, and what becomes of it when the database undoes it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from popflix.engine import cancelling, events, pauses, recovery, runs, starting
from popflix.engine.changes import whole
from popflix.engine.context import RunContext
from popflix.engine.models import Event, Run, RunStatus
from popflix.engine.runner import execute
from tests.popflix.engine.fakes import FakeClock, registered
from tests.popflix.engine.seen import kinds, last

# Real transactions: within another one nothing is tried again.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def nothing(ctx: RunContext) -> None:
    """Done as soon as it began."""


@pytest.fixture(autouse=True)
def demo() -> Iterator[None]:
    with registered(nothing):
        yield


@pytest.fixture
def deadlock(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The next event that is to be stored loses against somebody else's locks."""

    def lose_once() -> None:
        def lose(*what: Any, **more: Any) -> Event:
            monkeypatch.setattr("popflix.engine.changes.tell", events.tell)
            events.tell(*what, **more)
            raise OperationalError(1213, "Deadlock found when trying to get lock")

        monkeypatch.setattr("popflix.engine.changes.tell", lose)

    return lose_once


def enqueue(clock: FakeClock) -> Run:
    return starting.enqueue("demo", {}, trigger="admin", clock=clock)


def claim(run: Run, clock: FakeClock) -> Run:
    claimed = runs.claim_run(run.pk, clock=clock)
    assert claimed is not None
    return claimed


def test_what_loses_against_locks_is_tried_again(
    clock: FakeClock, deadlock: Callable[[], None]
) -> None:
    deadlock()
    run = enqueue(clock)
    assert OrmQ.objects.count() == Run.objects.count() == 1
    deadlock()
    held = claim(run, clock)
    assert held.fence == last().fence == 1
    deadlock()
    runs.park(held, clock.now(), "a moment", clock=clock)
    assert OrmQ.objects.count() == 2
    held = claim(run, clock)
    deadlock()
    assert recovery.deal_with(held, "gone", clock=clock) == "requeue"
    assert last().crash_count == 1
    held = claim(run, clock)
    deadlock()
    runs.finish(held, RunStatus.COMPLETED, clock=clock)
    assert held.status == last().status == RunStatus.COMPLETED
    assert kinds(run) == [
        "queued", "start", "waiting", "resume", "requeue", "start", "complete",
    ]  # fmt: skip


def test_a_run_at_work_ends_though_its_end_is_undone_once(
    clock: FakeClock, deadlock: Callable[[], None]
) -> None:
    with registered(lambda ctx: deadlock(), "locked"):
        run = starting.enqueue("locked", {}, trigger="admin", clock=clock)
        execute(run.pk, clock=clock)
    assert kinds(run) == ["queued", "start", "complete"]


def test_a_cancel_is_tried_again(clock: FakeClock, deadlock: Callable[[], None]) -> None:
    run = enqueue(clock)
    deadlock()
    cancelling.cancel(run.pk, by="ada", clock=clock)
    assert last().status == RunStatus.CANCELLED


def test_within_another_transaction_nothing_is_tried_again_and_nothing_remains(
    clock: FakeClock, deadlock: Callable[[], None]
) -> None:
    held = claim(enqueue(clock), clock)
    deadlock()
    with pytest.raises(OperationalError), transaction.atomic():
        runs.finish(held, RunStatus.COMPLETED, clock=clock)
    assert held.status == last().status == RunStatus.RUNNING


def test_what_goes_on_losing_is_raised(clock: FakeClock) -> None:
    tries = itertools.count(1)

    def lose() -> None:
        next(tries)
        raise OperationalError(1205, "Lock wait timeout exceeded")

    with pytest.raises(OperationalError):
        whole(lose)
    assert next(tries) == 5


def test_a_run_without_work_costs_seven_statements(clock: FakeClock) -> None:
    run = enqueue(clock)
    with CaptureQueriesContext(connection) as queries:
        assert execute(run.pk, clock=clock)
    real = [query["sql"].split()[0] for query in queries]
    wanted = [word for word in real if word in ("SELECT", "INSERT", "UPDATE", "SAVEPOINT")]
    assert wanted == ["SELECT", "SELECT", "UPDATE", "INSERT", "UPDATE", "INSERT", "SELECT"]


def test_a_delivery_in_vain_reads_and_no_more(clock: FakeClock) -> None:
    run = enqueue(clock)
    pauses.pause("demo", by="ada", why="so", now=clock.now())
    with CaptureQueriesContext(connection) as queries:
        assert not execute(run.pk, clock=clock)
    assert len(queries) == 2
    pauses.resume("demo", by="ada", now=clock.now())
    execute(run.pk, clock=clock)
    with CaptureQueriesContext(connection) as queries:
        assert not execute(run.pk, clock=clock)
    assert len(queries) == 1
