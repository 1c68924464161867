"""The supervisor's wait for the database, and its command."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from django.db import OperationalError

from popflix.engine.q2 import deliveries
from popflix.engine.supervisor import waiting
from popflix.engine.supervisor.waiting import wait_for_database
from popflix.lib.command import StopRequest
from popflix.lib.errors import OperatorError
from tests.site import Site

pytestmark = pytest.mark.measured

# --- the wait for the database --------------------------------------------------------------


class QuickStop(StopRequest):
    """Waits in no time, and is asked to stop after so many waits."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.waited: list[float] = []
        self._left = waits

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self._left -= 1
        if self._left <= 0:
            self.ask(signal.SIGTERM)
        return bool(self)


def test_the_wait_says_what_is_missing_once_and_backs_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def down() -> None:
        raise OperationalError(2002, "Can't connect to server on 'db'")

    monkeypatch.setattr(waiting, "require_current_schema", down)
    stop, said = QuickStop(6), list[str]()
    assert not wait_for_database(stop, said.append)
    assert stop.waited == [1, 2, 4, 8, 10, 10]
    assert len(said) == 1
    assert said[0].startswith("Waiting for the database: The database cannot be reached")


def test_the_wait_ends_when_the_database_is_migrated(monkeypatch: pytest.MonkeyPatch) -> None:
    troubles = iter([OperatorError("It is behind.", "Migrate."), OperationalError("gone"), None])

    def look() -> None:
        if trouble := next(troubles):
            raise trouble

    monkeypatch.setattr(waiting, "require_current_schema", look)
    said: list[str] = []
    assert wait_for_database(QuickStop(9), said.append)
    assert len(said) == 2


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_there_needs_no_wait() -> None:
    stop = QuickStop(1)
    assert wait_for_database(stop, pytest.fail)
    assert stop.waited == []


# --- the command ----------------------------------------------------------------------------


def test_the_command_waits_until_the_site_is_migrated_and_stops_when_asked(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    process = site.popen("work", "--json")
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("Waiting for the database: The database schema is behind the code")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == '{"ticks": 0, "replaced": 0, "cleared_up": 0}\n'
    assert err.strip().endswith("by the next `manage.py work`.")


def test_a_dry_run_starts_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    told = site.json("work", "--dry-run")
    assert told == {"workers": 2, "clusters": ["popflix", "operator"]}
    assert not (tmp_path / "var" / "work").exists()


def test_the_fallback_is_what_the_schedule_names() -> None:
    assert f"{deliveries.tick.__module__}.{deliveries.tick.__name__}" == (
        "popflix.engine.q2.deliveries.tick"
    )
