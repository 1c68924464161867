"""The thread that prolongs a run's lease while its body works."""

from __future__ import annotations

import contextvars
import functools
import logging
import threading
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
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat_on(self) -> None:
        try:
            while not self._over.wait(fence.BEAT_SECONDS):
                if not self._beat():
                    return
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
