"""What a pipeline works on, and what it tells at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from popflix.engine.context import RunContext
from popflix.lib.http import UpstreamError

Item = TypeVar("Item")
Fetched = TypeVar("Fetched")


@dataclass(frozen=True)
class Counts:
    """Items settled: `done` of them, `ok` with success, `failed` for good, `pending` for later."""

    done: int = 0
    ok: int = 0
    failed: int = 0
    pending: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.done + other.done,
            self.ok + other.ok,
            self.failed + other.failed,
            self.pending + other.pending,
        )


class End(StrEnum):
    """Why a pipeline ended without an error."""

    DONE = "done"  # nothing was due any more
    LIMIT = "limit"  # as many items as were asked for
    STOPPED = "stopped"  # ctx.should_stop(): `why` is its reason
    PARKED = "parked"  # the upstream wants a pause of `parked_seconds`


@dataclass(frozen=True)
class PipelineEnd:
    """The figures of one pipeline. `fetches` counts `retries`, the repeated ones, too."""

    end: End = End.DONE
    counts: Counts = field(default_factory=Counts)
    claimed: int = 0
    fetches: int = 0
    retries: int = 0
    given_back: int = 0
    parked_seconds: float = 0.0
    why: str = ""


class Source(Protocol[Item, Fetched]):
    """One kind of work. Only `fetch` is called from other threads than the writer's."""

    def claim(self, limit: int) -> list[Item]:
        """Lease up to `limit` due items; fewer, or none, when no more are due."""

    def fetch(self, item: Item) -> Fetched:
        """Ask the upstream once, in a pool thread: no ORM. Raises UpstreamError or Parked."""

    def settle(
        self, ctx: RunContext, results: Sequence[tuple[Item, Fetched | UpstreamError]]
    ) -> Counts:
        """Decide and store, in one `ctx.commit()` of its own.

        Called again with the same results after a deadlock, so it keeps nothing in memory until
        its commit is through.
        """

    def give_back(
        self, ctx: RunContext, items: Sequence[Item], *, due_in_seconds: float, why: str
    ) -> None:
        """End the leases of items without a result, their attempts not counted."""

    def renew(self, items: Sequence[Item]) -> None:
        """Prolong the leases of items that wait longer than half a lease."""
