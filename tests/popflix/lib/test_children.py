"""Children are kept alive, told to end exactly once, and never left behind."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from popflix.lib.children import Kept, end_all, run_to_end
from popflix.lib.command import StopRequest

LONG = ["sleep", "60"]
SHORT = ["true"]


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> dt.datetime:
        return dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Nursery:
    """Makes children and kills those a failed test leaves."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self._made: list[Kept] = []

    def child(self, command: Sequence[str]) -> Kept:
        self._made.append(Kept("worker", command, clock=self.clock))
        return self._made[-1]

    def clear(self) -> None:
        for each in self._made:
            each.end()


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.clear()


def wait_until_dead(child: Kept) -> None:
    until = time.monotonic() + 10
    while child.alive and time.monotonic() < until:
        time.sleep(0.01)
    assert not child.alive


def starts_again_after(child: Kept, clock: HandClock, seconds: float) -> bool:
    """Whether a dead child rests for `seconds` and is started then."""
    wait_until_dead(child)
    before = child.restarts
    child.look()
    clock.seconds += seconds - 0.01
    child.look()
    too_early = child.restarts > before
    clock.seconds += 0.02
    child.look()
    return not too_early and child.restarts == before + 1


def test_a_living_child_is_left_alone(nursery: Nursery) -> None:
    child = nursery.child(LONG)
    pid = child.pid
    child.look()
    assert (child.pid, child.restarts) == (pid, 0)


def test_a_child_that_dies_young_rests_longer_each_time(nursery: Nursery) -> None:
    child = nursery.child(SHORT)
    for rest in (1, 2, 4, 8, 16, 32, 60, 60):
        assert starts_again_after(child, nursery.clock, rest)


def test_a_child_that_lived_a_minute_is_started_again_at_once(nursery: Nursery) -> None:
    child = nursery.child(SHORT)
    wait_until_dead(child)
    nursery.clock.seconds += 60
    child.look()
    child.look()
    assert child.restarts == 1


def test_the_orphans_of_a_dead_child_die_with_it(nursery: Nursery, tmp_path: Path) -> None:
    told = tmp_path / "orphan"
    child = nursery.child(["sh", "-c", f"sleep 60 & echo $! > {told}"])
    wait_until_dead(child)
    child.look()
    assert_gone(int(told.read_text()))


def test_children_that_end_when_asked_are_not_killed(nursery: Nursery, tmp_path: Path) -> None:
    ready, saved = tmp_path / "ready", tmp_path / "saved"
    child = nursery.child(["sh", "-c", trap(f"echo saved > {saved}; exit 0", ready)])
    wait_for(ready)
    end_all([child], stop=StopRequest(), grace_seconds=10)
    assert saved.read_text() == "saved\n"
    assert not child.alive


def test_a_child_that_ignores_the_request_is_killed_after_the_grace(
    nursery: Nursery, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    child = nursery.child(["sh", "-c", trap("", ready)])
    wait_for(ready)
    end_all([child], stop=StopRequest(), grace_seconds=0.3)
    assert not child.alive


def test_a_second_signal_ends_the_grace_at_once(nursery: Nursery, tmp_path: Path) -> None:
    ready, stop = tmp_path / "ready", StopRequest()
    child = nursery.child(["sh", "-c", trap("", ready)])
    wait_for(ready)
    stop.ask(signal.SIGINT)
    end_all([child], stop=stop, grace_seconds=3600, hurry_seconds=0.3)
    assert not child.alive


def test_a_second_signal_is_passed_on(nursery: Nursery, tmp_path: Path) -> None:
    """A child with children of its own needs it: it ends them at once then."""
    ready, got, stop = tmp_path / "ready", tmp_path / "got", StopRequest()
    child = nursery.child(["sh", "-c", trap(f"echo told >> {got}", ready)])
    wait_for(ready)
    hurry = threading.Timer(0.5, stop.ask, [signal.SIGINT])
    hurry.start()
    end_all([child], stop=stop, grace_seconds=3600, hurry_seconds=0.5)
    hurry.join()
    assert got.read_text().split() == ["told", "told"]


def test_run_to_end_returns_what_the_child_printed() -> None:
    ended = run_to_end(["echo", "done"], env=os.environ, stop=StopRequest())
    assert (ended.exit_code, ended.out) == (0, "done\n")


def test_run_to_end_tells_a_killed_child_as_the_shell_does() -> None:
    ended = run_to_end(["sh", "-c", "kill -9 $$"], env=os.environ, stop=StopRequest())
    assert ended.exit_code == 137


def test_run_to_end_passes_a_signal_on_once_and_waits_for_the_clean_end(tmp_path: Path) -> None:
    ready, stop = tmp_path / "ready", StopRequest()
    counting = (
        "import pathlib, signal, sys, time\n"
        "got = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: got.append(1))\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "while not got: time.sleep(0.01)\n"
        "time.sleep(0.5)\n"  # longer than two looks of the parent
        "print(len(got)); sys.exit(143)\n"
    )

    def ask_when_ready() -> None:
        wait_for(ready)
        stop.ask(signal.SIGTERM)

    asking = threading.Thread(target=ask_when_ready)
    asking.start()
    ended = run_to_end([sys.executable, "-S", "-c", counting], env=os.environ, stop=stop)
    asking.join()
    assert (ended.exit_code, ended.out) == (143, "1\n")


def trap(action: str, ready: Path) -> str:
    return f"trap '{action}' TERM; echo > {ready}; for n in $(seq 600); do sleep 0.1; done"


def wait_for(path: Path) -> None:
    until = time.monotonic() + 10
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert path.exists()


def assert_gone(pid: int) -> None:
    """Killed, though its zombie may wait for init."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().split()[2]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} still lives")
