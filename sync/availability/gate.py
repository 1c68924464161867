"""No more requests open at once than a run may have, its controls among them."""

from __future__ import annotations

from collections.abc import Callable
from threading import BoundedSemaphore

from sync.availability.types import Checked, Checker, Stored, Target


class Gated:
    """A checker that asks for at most `most` titles at once; the others wait. Thread-safe.

    The pool alone would keep to its threads, but controls are asked by the writer beside it.
    """

    def __init__(self, checker: Checker, most: int) -> None:
        self._checker = checker
        self._gate = BoundedSemaphore(most)

    def begin(self, between: Callable[[], object] = lambda: None) -> None:
        self._checker.begin(between)

    def check(
        self, target: Target, lane: int, *, stored: Stored | None = None, mirror: str = ""
    ) -> Checked:
        with self._gate:
            return self._checker.check(target, lane, stored=stored, mirror=mirror)

    @property
    def request_count(self) -> int:
        return self._checker.request_count

    def close(self) -> None:
        self._checker.close()
