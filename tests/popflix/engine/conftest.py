from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from popflix.engine import registry
from popflix.engine.registry import Body
from popflix.engine.runner import RunOutcome, run_in_foreground
from tests.popflix.engine import rows
from tests.popflix.engine.apart import database_for_threads
from tests.popflix.engine.crew import Crew
from tests.popflix.engine.fakes import FakeClock, FakeStop, registered


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def stop(clock: FakeClock) -> FakeStop:
    return FakeStop(clock)


@pytest.fixture
def foreground(clock: FakeClock, stop: FakeStop) -> Callable[[Body], RunOutcome]:
    """Runs a body as the unit `demo`, the way a command does."""

    def run(body: Body) -> RunOutcome:
        with registered(body):
            return run_in_foreground("demo", {"n": 1}, stop=stop, clock=clock)

    return run


@pytest.fixture
def threads(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """Threads of the test may use the database, each by a connection of its own."""
    with database_for_threads(tmp_path):
        yield


@pytest.fixture(scope="session")
def jobs_table(django_db_setup: None, django_db_blocker: Any) -> None:
    """The table of `rows.Job`, made once: on MariaDB its creation would end a transaction."""
    with django_db_blocker.unblock():
        rows.create_table()


@pytest.fixture
def jobs(jobs_table: None, db: None) -> Iterator[None]:
    """An empty table of jobs."""
    rows.Job.objects.all().delete()
    yield
    rows.Job.objects.all().delete()


@pytest.fixture
def crew(clock: FakeClock) -> Crew:
    """Three workers with one slot each."""
    made = Crew(clock)
    for name in ("left", "middle", "right"):
        made.worker(name)
    return made


@pytest.fixture
def no_other_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """The site's own units, some with timetables, are not there."""
    monkeypatch.setattr(registry.registry, "_units", {})
