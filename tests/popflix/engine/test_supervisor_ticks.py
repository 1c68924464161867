"""The supervisor's row and its ticks: what it does with the database, and without one."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.db import OperationalError
from django_q.models import OrmQ, Schedule

from popflix.engine.liveness import this_process
from popflix.engine.models import Supervisor
from popflix.engine.supervisor.presence import Presence, forget_the_dead
from popflix.engine.supervisor.ticker import Evidence, GivingBack, Ticker
from popflix.lib.clock import SYSTEM_CLOCK
from tests.popflix.engine.fakes import NOON, FakeClock

HOUR = dt.timedelta(hours=1)
on_both = pytest.mark.both_databases
with_rows = pytest.mark.django_db
with_threads = pytest.mark.django_db(transaction=True)


# --- the row --------------------------------------------------------------------------------


@on_both
@with_rows
def test_the_row_is_made_beats_and_vanishes(clock: FakeClock) -> None:
    presence = Presence(2, clock)
    presence.beat(replaced=0)
    row = Supervisor.objects.get()
    assert (row.pid, row.workers, row.started_at, row.beat_at) == (
        this_process().pid,
        2,
        NOON,
        NOON,
    )
    clock(60)
    presence.beat(replaced=3)
    row.refresh_from_db()
    assert (row.beat_at, row.replaced_count) == (NOON + dt.timedelta(seconds=60), 3)
    presence.vanish()
    assert not Supervisor.objects.exists()


@with_rows
def test_the_row_is_written_every_few_seconds_at_most(clock: FakeClock) -> None:
    presence = Presence(2, clock)
    presence.beat(replaced=0)
    clock(1)
    presence.beat(replaced=1)
    assert Supervisor.objects.get().replaced_count == 0


def row_of(host: str, started: str, beat_at: dt.datetime, pid: int = 1) -> Supervisor:
    return Supervisor.objects.create(
        host=host, pid=pid, process_started_at=started, started_at=NOON, beat_at=beat_at, workers=1
    )


@with_rows
def test_rows_of_the_dead_are_forgotten() -> None:
    me = this_process()
    alive = row_of(me.host, me.started, NOON, pid=me.pid)
    row_of(me.host, me.started + "0", NOON, pid=me.pid + 1)
    elsewhere = row_of("another-host", "boot:1:2", NOON)
    row_of("lost-host", "boot:1:2", NOON - 48 * HOUR)
    assert forget_the_dead(NOON) == 2
    assert set(Supervisor.objects.all()) == {alive, elsewhere}


# --- the ticks ------------------------------------------------------------------------------


@dataclass
class FakeCluster:
    name: str = "popflix"
    replaced: int = 0
    is_working: bool = True
    age_seconds: float = 3600.0
    busy: bool = False
    wished: str = ""

    def is_busy(self) -> bool:
        return self.busy

    def wish_replaced(self, why: str) -> None:
        self.wished = why


class CountingWatcher:
    """Breaks at its first ticks."""

    def __init__(self, *errors: Exception) -> None:
        self.count = 0
        self._errors = list(errors)

    def tick(self) -> None:
        self.count += 1
        if self._errors:
            raise self._errors.pop(0)


@contextmanager
def ticking(watcher: CountingWatcher) -> Iterator[Ticker]:
    """A ticker that ticks once by itself and then when it is hurried."""
    presence = Presence(2, SYSTEM_CLOCK)
    made = Ticker(watcher, presence, [FakeCluster()], seconds=600, clock=SYSTEM_CLOCK)
    made.start()
    try:
        wait_for(lambda: watcher.count == 1)
        yield made
    finally:
        made.end(10)


@with_threads
def test_the_ticker_shows_that_it_is_there_keeps_the_fallback_and_hurries() -> None:
    Schedule.objects.all().delete()
    watcher = CountingWatcher()
    with ticking(watcher) as ticker:
        wait_for(Supervisor.objects.exists)
        ticker.hurry()
        wait_for(lambda: watcher.count == 2)
    assert ticker.count == 2
    assert Schedule.objects.count() == 1
    assert not Supervisor.objects.exists()


@with_threads
def test_an_error_of_the_watcher_ends_no_ticker(caplog: pytest.LogCaptureFixture) -> None:
    watcher = CountingWatcher(ValueError("a bug"))
    with ticking(watcher) as ticker:
        ticker.hurry()
        wait_for(lambda: watcher.count == 2)
    assert "ValueError: a bug" in caplog.text


@with_threads
def test_a_lost_database_is_told_once_and_its_return_too(caplog: pytest.LogCaptureFixture) -> None:
    gone = OperationalError(2006, "Server has gone away")
    watcher = CountingWatcher(gone, gone)
    with ticking(watcher) as ticker:
        for count in (2, 3):
            ticker.hurry()
            wait_for(lambda: watcher.count == count)  # noqa: B023 - at once
        wait_for(lambda: "answers again" in caplog.text)
    told = [record.levelname for record in caplog.records if "ticker" in record.name]
    assert told == ["ERROR", "WARNING"]
    assert ticker.count == 1


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def waits(name: str = "popflix") -> OrmQ:
    lock = dt.datetime.now(dt.UTC) - HOUR
    return OrmQ.objects.create(key=name, payload="", lock=lock)


@with_rows
def test_idle_workers_beside_a_waiting_delivery_are_evidence_of_a_wedge(clock: FakeClock) -> None:
    cluster = FakeCluster()
    evidence = Evidence(cluster, clock)
    delivery = waits()
    evidence.look()
    clock(19)
    evidence.look()
    assert cluster.wished == ""
    clock(2)
    evidence.look()
    assert cluster.wished == f"delivery {delivery.pk} waits for 21 s beside idle workers"
    cluster.wished = ""
    clock(5)
    evidence.look()
    assert cluster.wished == ""  # the new cluster gets its time


@with_rows
@pytest.mark.parametrize(
    "excuse", [{"busy": True}, {"is_working": False}, {"age_seconds": 5.0}, {"name": "operator"}]
)
def test_a_cluster_with_an_excuse_is_let_alone(
    clock: FakeClock, excuse: dict[str, object]
) -> None:
    cluster = FakeCluster(**excuse)  # type: ignore[arg-type]
    evidence = Evidence(cluster, clock)
    waits()
    for _ in range(4):
        evidence.look()
        clock(15)
    assert cluster.wished == ""


@with_rows
def test_a_queue_that_moves_is_no_evidence(clock: FakeClock) -> None:
    cluster = FakeCluster()
    evidence = Evidence(cluster, clock)
    for _ in range(4):
        delivery = waits()
        evidence.look()
        clock(15)
        delivery.delete()
    assert cluster.wished == ""


@with_rows
def test_what_a_replaced_cluster_had_fetched_is_given_back_once() -> None:
    cluster = FakeCluster()
    giving = GivingBack(cluster)

    def taken() -> None:
        OrmQ.objects.update(lock=dt.datetime.now(dt.UTC) + HOUR)

    def is_waiting() -> bool:
        return bool(OrmQ.objects.filter(lock__lte=dt.datetime.now(dt.UTC)).exists())

    waits()
    taken()
    giving.look()
    assert is_waiting()  # the supervisor before us may have been killed
    taken()
    giving.look()
    assert not is_waiting()
    cluster.replaced += 1
    giving.look()
    assert is_waiting()
