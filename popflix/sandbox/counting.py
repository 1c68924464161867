"""What was asked and answered: requests per sliding second, by status, by title, by fault."""

from __future__ import annotations

from collections import Counter, deque


class Counts:
    """Instants are seconds of one monotonic clock. Knows paths and titles, never a query."""

    def __init__(self) -> None:
        self._last_second: deque[float] = deque()
        self._connections = 0
        self.most_connections = 0
        self.reset()

    def reset(self) -> None:
        """Forget all but the connections that are open."""
        self._last_second.clear()
        self.requests = 0
        self.worst_second = 0
        self.most_connections = self._connections
        self._by_status: Counter[str] = Counter()
        self._by_title: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()

    def arrived(self, now: float, tconst: str | None) -> int:
        """Count a request; return how many arrived in the second that ends now."""
        window = self._last_second
        window.append(now)
        while window[0] <= now - 1:
            window.popleft()
        self.requests += 1
        self.worst_second = max(self.worst_second, len(window))
        if tconst:
            self._by_title[tconst] += 1
        return len(window)

    def fetched(self, name: str) -> None:
        """Count a request that falls under no limit, by its name alone."""
        self._by_title[name] += 1

    def answered(self, status: str, tconst: str | None, fault: str = "") -> None:
        """Count an answer; `status` is a number or "reset", `tconst` is given with true ones."""
        self._by_status[status] += 1
        if fault:
            self._faults[fault] += 1
        if tconst:
            self._answered[tconst] += 1

    def connected(self, change: int) -> None:
        """A connection was opened (1) or closed (-1)."""
        self._connections += change
        self.most_connections = max(self.most_connections, self._connections)

    def report(self) -> dict[str, object]:
        """`by_title` counts requests, `answered_by_title` true answers, late ones too."""
        return {
            "requests": self.requests,
            "worst_second": self.worst_second,
            "most_connections": self.most_connections,
            "by_status": dict(sorted(self._by_status.items())),
            "by_title": dict(self._by_title),
            "answered_by_title": dict(self._answered),
            "faults": dict(sorted(self._faults.items())),
        }

    def summary(self) -> str:
        """The same in one line for people."""
        statuses = ", ".join(
            f"{count} x {name}" for name, count in sorted(self._by_status.items())
        )
        told = f"{self.requests} requests" + (f" ({statuses})" if statuses else "")
        return f"{told}; worst sliding second {self.worst_second}."
