"""The thread that prolongs a run's lease while its body works."""

from __future__ import annotations

import contextvars
import functools
import logging
import os
import threading
import time
from types import TracebackType
from typing import Self

from django.db import DatabaseError, InterfaceError, connection, connections

from popflix.engine import fence
from popflix.lib.clock import Clock

log = logging.getLogger(__name__)


class Heartbeat:
    """Beats on its own connection, so that a long transaction of the body does not starve it.

    On SQLite, where a second writer waits for the first, `RunContext` beats itself; there this
    thread only looks, and beats for a body that asks its context nothing for long.
    """

    def __init__(self, run_id: int, fence_number: int, *, clock: Clock) -> None:
        self._run_id, self._fence, self._clock = run_id, fence_number, clock
        self._over = threading.Event()
        # The context carries the run's id to the thread's log lines.
        beat_on = functools.partial(contextvars.copy_context().run, self._beat_on)
        self._thread = threading.Thread(target=beat_on, name=f"beat-{run_id}", daemon=True)

    def __enter__(self) -> Self:
        _late.add(self)
        return self

    def start(self) -> None:
        """The first beat is due: called by the process's one starter."""
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if not _late.remove(self):
            self._thread.join()

    def _beat_on(self) -> None:
        try:
            while not self._over.is_set() and self._beat():
                self._over.wait(fence.BEAT_SECONDS)
        finally:
            connections.close_all()

    def _beat(self) -> bool:
        now = self._clock.now()
        try:
            if connection.vendor == "sqlite" and not fence.is_silent(
                self._run_id, self._fence, now=now
            ):
                return True
            return fence.beat(self._run_id, self._fence, now=now)
        except (DatabaseError, InterfaceError) as error:
            log.warning("run %s missed a heartbeat: %s", self._run_id, error)
            connection.close()
            return True


class _LateStarter:
    """Starts the thread of a run that lasts longer than a beat.

    Most runs are over long before, and a thread for each of them would cost a fifth of what such
    a run costs. One sleepy thread per process looks instead.
    """

    LOOK_SECONDS = 0.25

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: dict[Heartbeat, float] = {}
        self._thread: threading.Thread | None = None

    def add(self, beat: Heartbeat) -> None:
        with self._lock:
            self._due[beat] = time.monotonic() + fence.BEAT_SECONDS
            if self._thread is None:
                self._thread = threading.Thread(target=self._look_on, name="beats", daemon=True)
                self._thread.start()

    def remove(self, beat: Heartbeat) -> bool:
        """False: its thread was started meanwhile."""
        with self._lock:
            return self._due.pop(beat, None) is not None

    def _look_on(self) -> None:
        while True:
            time.sleep(self.LOOK_SECONDS)
            with self._lock:
                now = time.monotonic()
                for beat in [beat for beat, due in self._due.items() if due <= now]:
                    del self._due[beat]
                    beat.start()


_late = _LateStarter()


def _begin_anew() -> None:
    """A forked process has none of its parent's threads, and maybe a lock that nobody frees."""
    global _late
    _late = _LateStarter()


os.register_at_fork(after_in_child=_begin_anew)
