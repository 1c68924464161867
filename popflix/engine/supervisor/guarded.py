"""One cluster under guard.

    working   its main process lives, and none of its processes was killed while it was idle
    ending    its runs are asked to hand over; the main process got its SIGTERM, once
    resting   its whole group is killed; it is started anew when its rest is over

Only the main process ever gets a SIGTERM: django-q2 hangs for ever when its group gets one.
Nothing here touches the database, so no trouble there delays the guard.
"""

from __future__ import annotations

import logging
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

from popflix.engine.q2.cluster import HAND_OVER_SECONDS
from popflix.engine.q2.marks import ClusterFolder, Mark
from popflix.lib.children import Rest, end_group
from popflix.lib.clock import Clock

log = logging.getLogger(__name__)

SOUND_AFTER_SECONDS = 15.0  # one that lived so long had started well: it rests no longer
LONGEST_REST_SECONDS = 10.0  # starting one costs a second of a core
WEDGED_SECONDS = 1.0  # without a busy worker a wedged cluster has nothing left to wait for
HANGING_SECONDS = 10.0  # nor has one that was stopped and did not end

Command = Callable[[ClusterFolder], Sequence[str]]


class GuardedCluster:
    """Started when made. Call `look` several times a second."""

    def __init__(
        self,
        name: str,
        command: Command,
        environment: Mapping[str, str],
        *,
        new_folder: Callable[[str], ClusterFolder],
        clock: Clock,
    ) -> None:
        self.name = name
        self.replaced = 0
        self._command, self._environment = command, environment
        self._new_folder, self._clock = new_folder, clock
        self._rest = Rest(SOUND_AFTER_SECONDS, LONGEST_REST_SECONDS)
        self._wished = ""
        self._ending_since: float | None = None
        self._rests_until: float | None = None
        self._patience_seconds = 0.0
        self._start()

    # --- what others ask ------------------------------------------------------------------

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_working(self) -> bool:
        return self._ending_since is None and self._rests_until is None

    @property
    def age_seconds(self) -> float:
        return self._clock.monotonic() - self._started

    def is_busy(self) -> bool:
        return self._folder.is_busy()

    def wish_replaced(self, why: str) -> None:
        """Safe to call from another thread: the next look sees it."""
        self._wished = why

    # --- guarding -------------------------------------------------------------------------

    def look(self) -> bool:
        """Do what is due; True when processes of the cluster were found killed."""
        if self._rests_until is not None:
            if self._clock.monotonic() >= self._rests_until:
                self._start()
            return False
        killed = self._folder.take_the_dead()
        if self._ending_since is None:
            if why := self._why_end(killed):
                log.warning("replacing the cluster %s (process %s): %s", self.name, self.pid, why)
                self._begin_to_end(WEDGED_SECONDS)
        elif self.has_ended():
            self._bury()
        return bool(killed)

    def _why_end(self, killed: Sequence[Mark]) -> str:
        if not self._main_lives:
            return f"its main process ended with {self._process.returncode}"
        for mark in killed:
            log.warning("process %s of the cluster %s was killed", mark.pid, self.name)
        idle = [mark.pid for mark in killed if not mark.is_busy]
        if idle:
            return f"process {idle[0]} may have died with the lock of a queue"
        wished, self._wished = self._wished, ""
        return wished

    # --- ending ---------------------------------------------------------------------------

    def ask_to_end(self) -> None:
        """The end for good: runs hand over, then the cluster ends by itself."""
        if self.is_working:
            self._begin_to_end(HANGING_SECONDS)

    def has_ended(self) -> bool:
        """Whether nothing is left to wait for; `end` then kills what is left."""
        if self._ending_since is None:
            return self._rests_until is not None
        seconds = self._clock.monotonic() - self._ending_since
        if seconds >= HAND_OVER_SECONDS:
            return True
        if self.is_busy():
            return False
        return not self._main_lives or seconds >= self._patience_seconds

    def end(self) -> None:
        end_group(self.pid)
        self._process.wait()

    @property
    def _main_lives(self) -> bool:
        return self._process.poll() is None

    def _begin_to_end(self, patience_seconds: float) -> None:
        self._ending_since = self._clock.monotonic()
        self._patience_seconds = patience_seconds
        self._folder.ask_to_drain()
        if self._main_lives:
            self._process.send_signal(signal.SIGTERM)

    def _bury(self) -> None:
        lived = (self._ending_since or 0.0) - self._started
        self.end()
        self._folder.remove()
        self._ending_since = None
        self.replaced += 1
        self._rests_until = self._clock.monotonic() + self._rest.after(lived)

    def _start(self) -> None:
        self._folder = self._new_folder(self.name)
        self._process = subprocess.Popen(
            self._command(self._folder),
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._folder.note_main(self._process.pid)
        self._started = self._clock.monotonic()
        self._ending_since = self._rests_until = None
        self._wished = ""
