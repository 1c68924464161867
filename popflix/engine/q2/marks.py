"""What the processes of one cluster leave on the disk for the supervisor.

    <folder>/main      pid and start of the cluster's main process, written by the supervisor
    <folder>/<pid>     one mark per process that django-q2 forked: idle or busy, and its start
    <folder>/drain     there as soon as the workers are to hand over

A process takes its mark away at its orderly end. So the mark of a dead process tells that it was
killed; and unless it was busy with a run then, it may have died with the lock of a queue between
the processes, which nobody would ever release: an idle worker holds the read lock.
"""

from __future__ import annotations

import contextlib
import multiprocessing.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from popflix.engine.liveness import start_time
from popflix.lib.clock import Clock

_IDLE, _BUSY = "idle", "busy"  # of one length: one is written over the other


@dataclass(frozen=True)
class Mark:
    pid: int
    started: str
    is_busy: bool

    @property
    def is_alive(self) -> bool:
        return start_time(self.pid) == self.started


class ClusterFolder:
    """The folder of one start of one cluster."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        self.path.mkdir(parents=True)

    # --- the supervisor's side ------------------------------------------------------------

    def note_main(self, pid: int) -> None:
        _write(self.path / "main", f"{pid} {start_time(pid) or ''}")

    def main(self) -> Mark | None:
        """The cluster's main process; None before it is noted."""
        try:
            pid, started = (self.path / "main").read_text().split(" ")
        except (OSError, ValueError):
            return None
        return Mark(int(pid), started, is_busy=False)

    def marks(self) -> list[Mark]:
        try:
            paths = [path for path in self.path.iterdir() if path.name.isdigit()]
        except FileNotFoundError:  # buried meanwhile
            return []
        found = [self._read(path) for path in paths]
        return [mark for mark in found if mark is not None]

    def take_the_dead(self) -> list[Mark]:
        """The marks of processes that were killed; each is told once."""
        dead = [mark for mark in self.marks() if not mark.is_alive]
        # One that ended in order took its mark away before: look again now that it is gone.
        return [mark for mark in dead if self._take_away(mark.pid)]

    def is_busy(self) -> bool:
        """Whether a living process of the cluster works on a run."""
        return any(mark.is_busy and mark.is_alive for mark in self.marks())

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def ask_to_drain(self) -> None:
        (self.path / "drain").touch()

    def _read(self, path: Path) -> Mark | None:
        try:
            state, started = path.read_text().split(" ")
        except (OSError, ValueError):  # taken away meanwhile
            return None
        return Mark(int(path.name), started, state == _BUSY)

    def _take_away(self, pid: int) -> bool:
        try:
            (self.path / str(pid)).unlink()
        except FileNotFoundError:
            return False
        return True

    # --- the cluster's side ---------------------------------------------------------------

    def mark_processes(self) -> None:
        """Mark every process that multiprocessing forks from here on."""
        global _of_this_cluster
        _of_this_cluster = self
        multiprocessing.util.register_after_fork(self, ClusterFolder._mark_this_process)

    def _mark_this_process(self) -> None:
        pid = os.getpid()
        _write(self.path / str(pid), f"{_IDLE} {start_time(pid) or ''}")
        # The last of all finalizers: the threads that feed the queues are done by then.
        multiprocessing.util.Finalize(None, self._take_away, args=(pid,), exitpriority=-100)

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        self._set(_BUSY)
        try:
            yield
        finally:
            self._set(_IDLE)

    def _set(self, state: str) -> None:
        with contextlib.suppress(OSError), (self.path / str(os.getpid())).open("r+") as mark:
            mark.write(state)

    def drain(self, clock: Clock) -> Drain:
        return Drain(self.path / "drain", clock)


class Drain:
    """The stop of a worker's runs: it asks them to hand over once the mark is there."""

    LOOK_SECONDS = 0.25
    signal_number: int | None = None

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._seen = False
        self._looked = float("-inf")

    def __bool__(self) -> bool:
        now = self._clock.monotonic()
        if not self._seen and now - self._looked >= self.LOOK_SECONDS:
            self._looked = now
            self._seen = self._path.exists()
        return self._seen

    def wait(self, seconds: float) -> bool:
        end = self._clock.monotonic() + seconds
        while not self and (left := end - self._clock.monotonic()) > 0:
            self._clock.sleep(min(left, self.LOOK_SECONDS))
        return bool(self)


_of_this_cluster: ClusterFolder | None = None


def of_this_cluster() -> ClusterFolder | None:
    """The folder of the cluster that this process belongs to; None without a supervisor."""
    return _of_this_cluster


def _write(path: Path, text: str) -> None:
    """Whole or not at all: the supervisor reads whenever it likes."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    part.rename(path)
