"""A key that TMDB refuses stops the unit as a whole, until another key is set or it is taken."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import override_settings

from popflix.engine import pauses
from popflix.engine.conditions import release_what_holds
from popflix.engine.models import Pause, Run, RunStatus
from popflix.engine.models.pauses import Holder
from popflix.engine.pauses import Paused
from popflix.engine.runner import execute
from popflix.engine.slots import Busy
from popflix.engine.starting import enqueue
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import ConfigurationError, OperatorError
from popflix.lib.progress import SilentReporter
from popflix.sandbox import Sandbox
from sync.links.campaign import UNIT, put_on_queue, run_here
from sync.links.models import Enrichment
from sync.tmdb import key
from tests.sync.links.sandboxed import enrichable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
TITLES = 12
RIGHT, WRONG = "the-right-key", "wrong-invented-key"


@contextmanager
def refused() -> Iterator[Sandbox]:
    """A run was refused just now; the wrong key is still set."""
    with enrichable(TITLES, api_key=RIGHT) as sandbox, override_settings(TMDB_API_KEY=WRONG):
        with pytest.raises(OperatorError, match="The key in TMDB_API_KEY is refused"):
            here()
        yield sandbox


def here(said: list[str] | None = None) -> Report:
    say = (said if said is not None else []).append
    return run_here({}, stop=StopRequest(), say=say, reporter=SilentReporter(io.StringIO()))


def checked(sandbox: Sandbox) -> int:
    """Requests since the last reset."""
    count: int = sandbox.report()["requests"]
    sandbox.reset()
    return count


def released(*, after_seconds: float = 0) -> list[str]:
    """What the watcher does."""
    now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=after_seconds)
    return release_what_holds(now)


def test_the_machine_pauses_the_unit_and_remembers_only_a_fingerprint() -> None:
    with refused():
        pause = Pause.objects.get()
        assert (pause.unit, pause.holder) == (UNIT, Holder.MACHINE)
        assert pause.condition == key.CONDITION
        assert pause.memory["fingerprint"] == key.fingerprint()
        stored = f"{pause.memory} {pause.why} {Run.objects.get().error}"
        assert WRONG not in stored
        assert not Enrichment.objects.exclude(attempts=0, lease_token="").exists()


def test_running_again_with_the_refused_key_says_so_and_asks_tmdb_just_once() -> None:
    with refused() as sandbox:
        sandbox.reset()
        with pytest.raises(OperatorError) as raised:
            here()
        assert not isinstance(raised.value, Paused)
        assert raised.value.cause.startswith(
            "The key in TMDB_API_KEY is refused (TMDB answered 401"
        )
        assert raised.value.cure.startswith("Correct TMDB_API_KEY in .env; ")
        assert checked(sandbox) == 1
        assert Run.objects.count() == 1


def test_a_corrected_key_works_at_once() -> None:
    with refused() as sandbox, override_settings(TMDB_API_KEY=RIGHT):
        sandbox.reset()
        report = here()
        assert report.data["pending"] == 0
        assert report.data["requests"] == checked(sandbox)  # none of them about the key
        assert not Pause.objects.exists()


def test_a_key_that_tmdb_takes_by_now_works_at_once_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with refused():
        monkeypatch.setattr("sync.tmdb.client.TmdbClient.check_key", lambda client, lane: None)
        with pytest.raises(OperatorError, match="is refused"):  # after all, by the first title
            here()
        assert Run.objects.count() == 2
        assert Pause.objects.count() == 1


def test_without_any_key_that_is_what_is_told() -> None:
    with refused(), override_settings(TMDB_API_KEY=""):
        with pytest.raises(ConfigurationError, match="Neither TMDB_READ_TOKEN nor TMDB_API_KEY"):
            here()
        assert released() == []


def test_the_watcher_asks_now_and_then_and_releases_what_tmdb_takes() -> None:
    with refused() as sandbox:
        sandbox.reset()
        assert (released(), checked(sandbox)) == ([], 1)
        assert (released(after_seconds=60), checked(sandbox)) == ([], 0)
        assert (released(after_seconds=200), checked(sandbox)) == ([], 1)
        with override_settings(TMDB_API_KEY=RIGHT):
            assert (released(after_seconds=400), checked(sandbox)) == ([UNIT], 0)
        assert not Pause.objects.exists()


def test_the_same_key_is_taken_again_once_tmdb_says_so() -> None:
    with refused() as sandbox, override_settings(TMDB_API_KEY=RIGHT):
        memory = {"fingerprint": key.fingerprint()}
        sandbox.reset()
        assert key.is_taken_again(memory)
        assert checked(sandbox) == 1


@pytest.mark.parametrize("memory", [{}, {"fingerprint": "schlüssel"}])
def test_a_memory_of_another_make_is_another_key(memory: dict[str, Any]) -> None:
    with override_settings(TMDB_API_KEY=WRONG):
        assert key.is_taken_again(memory)


def test_an_upstream_that_is_gone_releases_nothing() -> None:
    with refused() as sandbox:
        sandbox.stop()
        assert released() == []
        assert Pause.objects.exists()


def test_a_persons_pause_is_told_and_stays() -> None:
    with refused(), override_settings(TMDB_API_KEY=RIGHT):
        now = dt.datetime.now(dt.UTC)
        pauses.pause(UNIT, by="anna", why="the disk is full", now=now)
        with pytest.raises(Paused, match="by anna: the disk is full"):
            here()
        assert [pause.holder for pause in Pause.objects.all()] == [Holder.OPERATOR]


def test_a_queue_run_that_is_refused_pauses_the_unit_too() -> None:
    with enrichable(TITLES, api_key=RIGHT), override_settings(TMDB_API_KEY=WRONG):
        run = enqueue(UNIT, {}, trigger="schedule")
        execute(run.pk)
        run.refresh_from_db()
        assert (run.status, run.error.split(" (")[0]) == (
            RunStatus.ERROR,
            "The key in TMDB_API_KEY is refused",
        )
        assert Pause.objects.get().condition == key.CONDITION


# --- leaving it to the queue ------------------------------------------------------------------


def test_enqueueing_with_the_refused_key_says_so_and_with_a_corrected_one_works() -> None:
    with refused():
        with pytest.raises(OperatorError, match="The key in TMDB_API_KEY is refused"):
            put_on_queue({}, say=print)
        with override_settings(TMDB_API_KEY=RIGHT):
            said: list[str] = []
            put_on_queue({}, say=said.append)
            assert Run.objects.latest("pk").status == RunStatus.QUEUED
            assert "python manage.py work" in said[0]


def test_enqueueing_a_paused_or_busy_unit_says_what_is_in_the_way() -> None:
    with enrichable(TITLES):
        first, second = (put_on_queue({}, say=print).data["run"] for _ in range(2))
        with pytest.raises(Busy) as raised:
            put_on_queue({}, say=print)
        assert f"run {first} (" in raised.value.cause
        assert f"run {second} (" in raised.value.cause
        assert "python manage.py top" in raised.value.cure
        assert "python manage.py cancel" in raised.value.cure
        pauses.pause(UNIT, by="anna", why="the disk is full", now=dt.datetime.now(dt.UTC))
        with pytest.raises(Paused, match="by anna: the disk is full"):
            put_on_queue({}, say=print)


def test_a_pause_that_comes_while_it_works_ends_the_command_as_no_success() -> None:
    with enrichable(TITLES, latency_ms=30):

        class Anna(SilentReporter):
            """Pauses as soon as the work shows."""

            def start(self, total: int | None, label: str) -> None:
                pauses.pause(UNIT, by="anna", why="enough", now=dt.datetime.now(dt.UTC))

        said: list[str] = []
        report = run_here({}, stop=StopRequest(), say=said.append, reporter=Anna(io.StringIO()))
        assert (report.exit_code, report.stopped_by) == (1, None)
        assert "paused by anna: enough" in said[-1]
        assert report.data["run"] == Run.objects.get(status=RunStatus.CANCELLED).pk
