"""What the invented provider was asked: by mirror and path, per second, and how many at once."""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from typing import Any

from popflix.sandbox.counting import Counts


class ProviderCounts:
    """Instants are seconds of one monotonic clock. A mirror without a name is ""."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._whole = _Place()
        self._mirrors: dict[str, _Place] = {}
        self._by_second: Counter[int] = Counter()

    def arrived(self, now: float, mirror: str, path: str) -> None:
        self._by_second[int(now)] += 1
        for place in (self._whole, self._mirrors.setdefault(mirror, _Place())):
            place.counts.arrived(now, path)

    def answers_at(self, until: float, now: float, mirror: str) -> None:
        """The request that arrived `now` is answered at the instant `until`."""
        for place in (self._whole, self._mirrors[mirror]):
            place.hold(now, until)

    def answered(self, mirror: str, path: str, status: str, fault: str) -> None:
        for place in (self._whole, self._mirrors[mirror]):
            place.counts.answered(status, path if not fault or fault == "slow" else None, fault)

    def report(self) -> dict[str, Any]:
        """`by_second` lists whole seconds of the clock, from the first that had a request."""
        seconds = self._by_second
        span = range(min(seconds), max(seconds) + 1) if seconds else range(0)
        mirrors = {
            name: place.report(with_paths=False) for name, place in sorted(self._mirrors.items())
        }
        return {
            **self._whole.report(with_paths=True),
            "by_second": [seconds[each] for each in span],
            "mirrors": mirrors,
        }


class _Place:
    """The provider as a whole, or one mirror of it."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.most_at_once = 0
        self._open: list[float] = []

    def hold(self, now: float, until: float) -> None:
        while self._open and self._open[0] <= now:
            heappop(self._open)
        heappush(self._open, until)
        self.most_at_once = max(self.most_at_once, len(self._open))

    def report(self, *, with_paths: bool) -> dict[str, Any]:
        told = self.counts.report()
        names = ("requests", "worst_second", "by_status", "faults")
        paths = {"by_path": told["by_title"], "answered_by_path": told["answered_by_title"]}
        kept = {name: told[name] for name in names} | {"most_at_once": self.most_at_once}
        return kept | (paths if with_paths else {})
