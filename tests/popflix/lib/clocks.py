"""A clock that moves only when it is slept on or told to."""

from __future__ import annotations

import datetime as dt

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


class FakeClock:
    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []

    def now(self) -> dt.datetime:
        return NOON + dt.timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds
