"""The items a pipeline has claimed and neither settled nor given back yet."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic

from popflix.engine.source import Fetched, Item
from popflix.lib.http import UpstreamError


@dataclass(slots=True, eq=False)
class Ticket(Generic[Item]):
    """One claimed item. Instants are of the monotonic clock."""

    item: Item
    leased_at: float
    tries: int = 0  # repeated fetches so far
    is_urgent: bool = False  # somebody waits for it at this moment


Results = list[tuple[Ticket[Item], Fetched | UpstreamError]]


class Hold(Generic[Item, Fetched]):
    """Each ticket is ready, delayed, in the pool's hands, a result, or poison."""

    def __init__(self, renew_seconds: float) -> None:
        self.results: Results[Item, Fetched] = []
        self.poison: list[Ticket[Item]] = []
        self._renew_seconds = renew_seconds
        self._all: set[Ticket[Item]] = set()
        self._ready: deque[Ticket[Item]] = deque()
        self._delayed: list[tuple[float, int, Ticket[Item]]] = []
        self._serial = 0  # breaks ties in the heap: tickets have no order
        self._oldest_result_at = self._looked_at = 0.0

    def __len__(self) -> int:
        return len(self._all)

    def add(self, items: Iterable[Item], leased_at: float) -> int:
        tickets = [Ticket(item, leased_at) for item in items]
        self._all.update(tickets)
        self._ready.extend(tickets)
        return len(tickets)

    def add_first(self, items: Sequence[Item], leased_at: float) -> int:
        """Before all that is ready; its result is not kept waiting either."""
        tickets = [Ticket(item, leased_at, is_urgent=True) for item in items]
        self._all.update(tickets)
        self._ready.extendleft(reversed(tickets))
        return len(tickets)

    def ready(self) -> int:
        return len(self._ready)

    def next_ready(self, now: float) -> Ticket[Item] | None:
        """The next ticket to fetch; one whose back-off is over goes first."""
        if self._delayed and self._delayed[0][0] <= now:
            return heapq.heappop(self._delayed)[2]
        return self._ready.popleft() if self._ready else None

    def put_back(self, ticket: Ticket[Item]) -> None:
        self._ready.appendleft(ticket)

    def delay(self, ticket: Ticket[Item], until: float) -> None:
        self._serial += 1
        heapq.heappush(self._delayed, (until, self._serial, ticket))

    def seconds_to_next(self, now: float) -> float | None:
        """How long until a delayed ticket is ready; None when none is delayed."""
        return max(0.0, self._delayed[0][0] - now) if self._delayed else None

    def keep(self, ticket: Ticket[Item], outcome: Fetched | UpstreamError, now: float) -> None:
        if not self.results:
            self._oldest_result_at = now
        self.results.append((ticket, outcome))

    def has_urgent_results(self) -> bool:
        return any(ticket.is_urgent for ticket, _ in self.results)

    def oldest_result_age(self, now: float) -> float:
        return now - self._oldest_result_at

    def take_results(self) -> Results[Item, Fetched]:
        taken, self.results = self.results, []
        return taken

    def drop(self, tickets: Iterable[Ticket[Item]]) -> None:
        """They are settled or given back."""
        self._all.difference_update(tickets)

    def rest(self) -> list[Ticket[Item]]:
        """What is left to give back once nothing is in flight, poison apart."""
        apart = {*self.poison, *(ticket for ticket, _ in self.results)}
        return [ticket for ticket in self._all if ticket not in apart]

    def leases_to_renew(self, now: float) -> Sequence[Ticket[Item]]:
        """Tickets held for half a lease, looked for once a second and marked as renewed."""
        if now - self._looked_at < min(1.0, self._renew_seconds):
            return []
        self._looked_at = now
        old = [each for each in self._all if now - each.leased_at >= self._renew_seconds]
        for ticket in old:
            ticket.leased_at = now
        return old
