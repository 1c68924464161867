"""How long requests were held back in this process, and why."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from popflix.lib.clock import Clock

PACING = "pacing"


class Waits:
    """Seconds by reason. Threads that wait side by side count once: no sum exceeds the run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, int] = {}
        self._since: dict[str, float] = {}
        self._seconds: dict[str, float] = {}

    @contextmanager
    def during(self, reason: str) -> Iterator[None]:
        with self._lock:
            waiting = self._waiting.get(reason, 0)
            if not waiting:
                self._since[reason] = self._clock.monotonic()
            self._waiting[reason] = waiting + 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting[reason] -= 1
                if not self._waiting[reason]:
                    waited = self._clock.monotonic() - self._since[reason]
                    self._seconds[reason] = self._seconds.get(reason, 0.0) + waited

    def seconds(self) -> Mapping[str, float]:
        with self._lock:
            return dict(self._seconds)
