"""The lease is prolonged while a body works."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, transaction

from popflix.engine import fence, runs
from popflix.engine.context import RunContext
from popflix.engine.heartbeat import Heartbeat
from popflix.engine.models import Run, RunStatus
from popflix.engine.recovery import reclaim_lost
from popflix.engine.runner import run_in_foreground
from tests.popflix.engine.fakes import NOON, FakeClock, FakeStop, registered
from tests.popflix.engine.vendors import on_a_server, on_sqlite

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def nothing(ctx: RunContext) -> None:
    """The test itself is the body."""


@pytest.fixture(autouse=True)
def a_quick_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "BEAT_SECONDS", 0.02)


@pytest.fixture
def run(clock: FakeClock) -> Iterator[Run]:
    with registered(nothing):
        yield runs.create_run("demo", {}, trigger="command", clock=clock, status=RunStatus.RUNNING)


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], bool]:
    """`beats(n)` waits for n heartbeats; False if they do not come."""
    beaten = threading.Semaphore(0)
    real = fence.beat

    def counted(*what: int, **when: object) -> bool:
        try:
            return real(*what, **when)  # type: ignore[arg-type]
        finally:
            beaten.release()

    monkeypatch.setattr(fence, "beat", counted)
    return lambda count: all(beaten.acquire(timeout=10) for _ in range(count))


def beat_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("beat-")]


@on_a_server
def test_the_lease_moves_while_the_body_is_busy(
    run: Run, clock: FakeClock, beats: Callable[[int], bool]
) -> None:
    clock(20)
    with Heartbeat(run.pk, run.fence, clock=clock):
        assert beats(2)
    assert Run.objects.get(pk=run.pk).heartbeat_at == clock.now()
    assert beat_threads() == []


@on_a_server
def test_a_foreground_run_has_a_heart(clock: FakeClock, beats: Callable[[int], bool]) -> None:
    def body(ctx: RunContext) -> None:
        clock(20)
        assert beats(2)

    with registered(body):
        outcome = run_in_foreground("demo", {}, stop=FakeStop(clock), clock=clock)
    assert outcome.run.heartbeat_at == clock.now()
    assert beat_threads() == []


@on_a_server
def test_a_long_transaction_of_the_body_does_not_stop_the_heart(
    run: Run, clock: FakeClock, beats: Callable[[int], bool]
) -> None:
    clock(20)
    with (
        Heartbeat(run.pk, run.fence, clock=clock),
        transaction.atomic(),
    ):
        list(Run.objects.exclude(pk=run.pk).select_for_update())
        assert beats(2)


@on_a_server
def test_the_heart_stops_with_the_fence(
    run: Run, clock: FakeClock, beats: Callable[[int], bool]
) -> None:
    with Heartbeat(run.pk, run.fence + 1, clock=clock) as heart:
        assert beats(1)
        heart._thread.join(10)
        assert beat_threads() == []


@on_a_server
def test_a_missed_beat_is_made_up_for(
    run: Run, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls = threading.Semaphore(0)

    def cut_off(*what: int, **when: object) -> bool:
        calls.release()
        raise OperationalError(2006, "server has gone away")

    monkeypatch.setattr(fence, "beat", cut_off)
    with Heartbeat(run.pk, run.fence, clock=clock):
        assert all(calls.acquire(timeout=10) for _ in range(2))
    assert "missed a heartbeat" in caplog.text


def test_a_run_that_is_over_before_its_first_beat_costs_no_thread(
    run: Run, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fence, "BEAT_SECONDS", 60.0)
    with Heartbeat(run.pk, run.fence, clock=clock) as heart:
        assert beat_threads() == []
    assert heart._thread.ident is None


@on_sqlite
@pytest.mark.usefixtures("threads")
def test_on_sqlite_a_writer_that_beats_itself_gets_no_rival(
    run: Run, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, really = threading.Semaphore(0), fence.is_silent

    def look(run_id: int, number: int, *, now: dt.datetime) -> bool:
        is_silent = really(run_id, number, now=now)
        looked.release()
        return is_silent

    monkeypatch.setattr(fence, "is_silent", look)
    with Heartbeat(run.pk, run.fence, clock=clock):
        assert all(looked.acquire(timeout=10) for _ in range(3))
    assert Run.objects.get(pk=run.pk).heartbeat_at == NOON


@on_sqlite
@pytest.mark.usefixtures("threads")
def test_on_sqlite_a_body_that_never_asks_its_context_keeps_its_run(
    run: Run, clock: FakeClock, beats: Callable[[int], bool]
) -> None:
    clock(600)
    with Heartbeat(run.pk, run.fence, clock=clock):
        assert beats(1)
        assert reclaim_lost(clock=clock) == []
    assert Run.objects.get(pk=run.pk).status == RunStatus.RUNNING
