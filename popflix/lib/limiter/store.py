"""What the limiter asks of the place that keeps a bucket, and the one within a process."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Protocol

from popflix.lib.clock import Clock
from popflix.lib.limiter import policy
from popflix.lib.limiter.policy import BucketState, Reply

Change = Callable[[BucketState, int], BucketState]
"""Of the bucket and the store's now in microseconds; the same object back writes nothing."""


class Store(Protocol):
    """One bucket, created at the configured rate when it is not there.

    Every method is atomic towards all other threads, processes and hosts, and tells time by
    the store's own clock.
    """

    def reserve(self, horizon_us: int) -> Reply:
        """Take the next slot if it is within the horizon; one round trip."""
        ...

    def change(self, change: Change) -> tuple[BucketState, int]:
        """Read, change and write; return the bucket as it is then, and the store's now."""
        ...

    def read(self) -> tuple[BucketState, int]: ...

    def close(self) -> None:
        """Drop this process's connections; the next call opens new ones."""
        ...


def microseconds(at: dt.datetime) -> int:
    return round(at.timestamp() * policy.US)


class MemoryStore:
    """A bucket within one process, told time by its monotonic clock."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._clock = clock
        self._bucket = policy.fresh(rate)
        self._lock = threading.Lock()

    def reserve(self, horizon_us: int) -> Reply:
        with self._lock:
            self._bucket, reply = policy.reserve(self._bucket, self._now_us(), horizon_us)
        return reply

    def change(self, change: Change) -> tuple[BucketState, int]:
        with self._lock:
            now_us = self._now_us()
            self._bucket = change(self._bucket, now_us)
            return self._bucket, now_us

    def read(self) -> tuple[BucketState, int]:
        return self._bucket, self._now_us()

    def close(self) -> None:
        """Nothing is held."""

    def _now_us(self) -> int:
        return int(self._clock.monotonic() * policy.US)
