"""One cluster under guard: what makes it be replaced, what it may finish, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from popflix.engine.liveness import start_time
from popflix.engine.q2.marks import ClusterFolder
from popflix.engine.supervisor.guarded import GuardedCluster
from tests.popflix.engine.fakes import FakeClock

# In place of a cluster: ends at SIGTERM, or not at all.
OBEDIENT = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: exit(0)); "
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
LIVE = "open({ready!r}, 'w').close(); time.sleep(60)"


class Nursery:
    """Makes guarded clusters out of small scripts; writes the marks of their processes."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, FakeClock()
        self.folders: list[ClusterFolder] = []
        self._made: list[GuardedCluster] = []

    def cluster(self, script: str = OBEDIENT) -> GuardedCluster:
        def command(folder: ClusterFolder) -> list[str]:
            ready = str(folder.path / "ready")
            return [sys.executable, "-S", "-c", script + LIVE.format(ready=ready)]

        made = GuardedCluster(
            "popflix", command, os.environ, new_folder=self._new_folder, clock=self.clock
        )
        self._made.append(made)
        wait_for(self.folders[-1].path / "ready")
        return made

    def mark(self, pid: int, state: str = "idle", started: str = "") -> None:
        told = started or start_time(pid) or "gone"
        (self.folders[-1].path / str(pid)).write_text(f"{state} {told}")

    def clear(self) -> None:
        for each in self._made:
            each.end()

    def _new_folder(self, name: str) -> ClusterFolder:
        self.folders.append(ClusterFolder(self.path / f"{name}-{len(self.folders)}"))
        self.folders[-1].make()
        return self.folders[-1]


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    made = Nursery(tmp_path)
    yield made
    made.clear()


@pytest.fixture
def sleeper() -> Iterator[int]:
    """The pid of a living process that is nobody's child of interest."""
    process = subprocess.Popen(["sleep", "60"])
    yield process.pid
    process.kill()
    process.wait()


def dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def wait_for(path: Path) -> None:
    until = time.monotonic() + 10
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.005)
    assert path.exists()


def wait_until_main_ended(cluster: GuardedCluster) -> None:
    until = time.monotonic() + 10
    while start_time(cluster.pid) and time.monotonic() < until:
        time.sleep(0.005)


def test_a_cluster_that_works_is_left_alone(nursery: Nursery, sleeper: int) -> None:
    cluster = nursery.cluster()
    nursery.mark(sleeper, "busy")
    pid = cluster.pid
    assert not cluster.look()
    assert (cluster.pid, cluster.is_working, cluster.is_busy()) == (pid, True, True)


def test_a_dead_main_process_has_the_cluster_replaced_after_a_rest(nursery: Nursery) -> None:
    cluster = nursery.cluster()
    os.kill(cluster.pid, signal.SIGKILL)
    wait_until_main_ended(cluster)
    first = cluster.pid
    for _ in range(3):
        cluster.look()  # found, buried, resting
    assert not cluster.is_working
    nursery.clock(1.1)
    cluster.look()
    assert cluster.is_working
    assert (cluster.pid != first, cluster.replaced) == (True, 1)
    assert [folder.path.exists() for folder in nursery.folders] == [False, True]
    assert nursery.folders[0].marks() == []


def test_a_process_killed_while_idle_has_the_cluster_replaced(nursery: Nursery) -> None:
    cluster = nursery.cluster(DEAF)
    nursery.mark(dead_pid())
    assert cluster.look()
    assert not cluster.is_working
    assert (nursery.folders[0].path / "drain").exists()
    nursery.clock(1.1)  # nobody is busy: it need not take the whole time to hand over
    cluster.look()
    assert cluster.replaced == 1


def test_a_process_killed_while_busy_is_told_and_costs_nothing_else(nursery: Nursery) -> None:
    cluster = nursery.cluster()
    nursery.mark(dead_pid(), "busy")
    assert cluster.look()
    assert cluster.is_working
    assert not cluster.look()


def test_busy_workers_of_a_wedged_cluster_hand_over_first(nursery: Nursery, sleeper: int) -> None:
    cluster = nursery.cluster(DEAF)
    nursery.mark(sleeper, "busy")
    cluster.wish_replaced("nothing is consumed")
    cluster.look()
    nursery.clock(20)
    cluster.look()
    assert cluster.replaced == 0
    nursery.mark(sleeper, "idle")
    cluster.look()
    assert cluster.replaced == 1


def test_one_that_never_hands_over_is_killed_in_the_end(nursery: Nursery, sleeper: int) -> None:
    cluster = nursery.cluster(DEAF)
    nursery.mark(sleeper, "busy")
    cluster.wish_replaced("nothing is consumed")
    cluster.look()
    nursery.clock(35)
    cluster.look()
    assert cluster.replaced == 1


def test_a_cluster_that_dies_young_rests_longer_each_time(nursery: Nursery) -> None:
    cluster = nursery.cluster()
    for rest in (1, 2, 4):
        cluster.wish_replaced("for the test")
        cluster.look()
        wait_until_main_ended(cluster)
        cluster.look()
        nursery.clock(rest - 0.1)
        cluster.look()
        assert not cluster.is_working
        nursery.clock(0.2)
        cluster.look()
        assert cluster.is_working
        wait_for(nursery.folders[-1].path / "ready")


def test_an_end_gets_one_sigterm_to_the_main_process(nursery: Nursery) -> None:
    cluster = nursery.cluster()
    assert not cluster.has_ended()
    cluster.ask_to_end()
    wait_until_main_ended(cluster)
    assert cluster.has_ended()
    assert (nursery.folders[0].path / "drain").exists()


def test_a_cluster_that_hangs_at_its_end_gets_ten_seconds(nursery: Nursery) -> None:
    cluster = nursery.cluster(DEAF)
    cluster.ask_to_end()
    nursery.clock(9)
    assert not cluster.has_ended()
    nursery.clock(2)
    assert cluster.has_ended()
    cluster.end()
    assert start_time(cluster.pid) is None


def test_a_resting_cluster_has_ended(nursery: Nursery) -> None:
    cluster = nursery.cluster()
    cluster.wish_replaced("for the test")
    cluster.look()
    wait_until_main_ended(cluster)
    cluster.look()
    cluster.ask_to_end()
    assert cluster.has_ended()
