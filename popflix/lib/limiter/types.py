"""What the users of a limiter see of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class Parked(Exception):  # noqa: N818 - not an error: the caller gives its row back
    """The next slot is further away than the caller may wait; nothing was reserved."""

    def __init__(self, wait_seconds: float, why: str) -> None:
        super().__init__(f"the next request may leave in {wait_seconds:.1f} s: {why}")
        self.wait_seconds = wait_seconds
        self.why = why


@dataclass(frozen=True)
class Reservation:
    """`wait_seconds` until the slot that is ours, or until asking again can succeed."""

    granted: bool
    wait_seconds: float


@dataclass(frozen=True)
class RateState:
    """What an operator sees: requests per second now and as configured, and why they differ."""

    rate: float
    allowed_rate: float
    next_slot_in_seconds: float
    reason: str


class Limiter(Protocol):
    """Keeps one upstream's rate for every thread, process and host."""

    def acquire(self, lane: int = 3, *, longest_wait: float = 5.0) -> float: ...

    def reserve(self, lane: int) -> Reservation: ...

    def penalize(self, retry_after: float | None, why: str) -> float: ...

    def succeeded(self) -> None: ...

    def state(self) -> RateState: ...

    @property
    def waited_seconds(self) -> float: ...

    def waits(self) -> Mapping[str, float]: ...

    def close(self) -> None: ...
