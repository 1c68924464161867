"""The marks of a cluster's processes tell the supervisor who was killed, and doing what."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest

from popflix.engine.q2 import marks
from popflix.engine.q2.marks import ClusterFolder, Mark
from popflix.lib.clock import SYSTEM_CLOCK
from tests.popflix.engine.fakes import FakeClock

Body = Callable[[], None]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterFolder:
    monkeypatch.setattr(marks, "_of_this_cluster", None)
    made = ClusterFolder(tmp_path / "popflix-1")
    made.make()
    made.mark_processes()
    return made


@contextlib.contextmanager
def forked(body: Body) -> Iterator[ForkProcess]:
    process = multiprocessing.get_context("fork").Process(target=body)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def forever() -> None:
    time.sleep(60)


def only(folder: ClusterFolder) -> Mark:
    until = time.monotonic() + 10
    while not folder.marks() and time.monotonic() < until:
        time.sleep(0.01)
    [mark] = folder.marks()
    return mark


def kill(process: ForkProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def test_a_living_process_has_an_idle_mark(folder: ClusterFolder) -> None:
    with forked(forever) as process:
        mark = only(folder)
        assert (mark.pid, mark.is_busy, mark.is_alive) == (process.pid, False, True)
        assert folder.take_the_dead() == []
        assert not folder.is_busy()


def test_a_process_that_ends_in_order_leaves_no_mark(folder: ClusterFolder) -> None:
    with forked(lambda: None) as process:
        process.join()
    assert folder.marks() == []
    assert folder.take_the_dead() == []


def test_one_that_exits_early_ends_in_order_too(folder: ClusterFolder) -> None:
    with forked(lambda: sys.exit(3)) as process:
        process.join()
        assert process.exitcode == 3
    assert folder.take_the_dead() == []


def test_a_killed_process_is_told_once_with_what_it_did(folder: ClusterFolder) -> None:
    def work() -> None:
        with folder.busy():
            forever()

    with forked(work) as process:
        until = time.monotonic() + 10
        while not folder.is_busy() and time.monotonic() < until:
            time.sleep(0.01)
        assert folder.is_busy()
        kill(process)
        assert not folder.is_busy()
        assert [(mark.pid, mark.is_busy) for mark in folder.take_the_dead()] == [
            (process.pid, True)
        ]
        assert folder.take_the_dead() == []


def test_the_mark_says_idle_again_after_a_run(folder: ClusterFolder) -> None:
    def work() -> None:
        with folder.busy():
            pass
        (folder.path / "rested").touch()
        forever()

    with forked(work) as process:
        until = time.monotonic() + 10
        while not (folder.path / "rested").exists() and time.monotonic() < until:
            time.sleep(0.01)
        kill(process)
        assert [mark.is_busy for mark in folder.take_the_dead()] == [False]


def test_busy_without_a_mark_is_no_error(tmp_path: Path) -> None:
    with ClusterFolder(tmp_path).busy():
        assert list(tmp_path.iterdir()) == []


def test_half_written_and_foreign_files_are_no_marks(folder: ClusterFolder) -> None:
    (folder.path / "123").write_text("")
    (folder.path / "124.part").write_text("idle 1")
    assert folder.marks() == []


def test_the_main_process_is_noted_by_the_supervisor(folder: ClusterFolder) -> None:
    assert folder.main() is None
    folder.note_main(os.getpid())
    main = folder.main()
    assert main is not None
    assert (main.pid, main.is_alive) == (os.getpid(), True)


def test_the_folder_of_the_cluster_is_known_in_its_processes(folder: ClusterFolder) -> None:
    assert marks.of_this_cluster() is folder


def test_runs_are_asked_to_hand_over_once_the_mark_is_there(folder: ClusterFolder) -> None:
    clock = FakeClock()
    drain = folder.drain(clock)
    assert not drain
    folder.ask_to_drain()
    assert not drain  # looked at just now: bodies ask thousands of times a second
    clock(0.3)
    assert drain
    (folder.path / "drain").unlink()
    assert drain  # for good


def test_a_wait_ends_when_the_mark_comes(folder: ClusterFolder) -> None:
    clock = FakeClock()
    assert not folder.drain(clock).wait(2)
    assert clock.monotonic() == pytest.approx(2)
    folder.ask_to_drain()
    assert folder.drain(SYSTEM_CLOCK).wait(60)
