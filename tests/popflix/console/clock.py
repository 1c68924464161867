"""A clock that stands still until a test moves it."""

from __future__ import annotations

import datetime as dt


class FakeClock:
    def __init__(self) -> None:
        self.at = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += dt.timedelta(seconds=seconds)
