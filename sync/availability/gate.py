"""No more requests open at once than a run may have, its controls among them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

from sync.availability.types import Checked, Checker, Stored, Target


class Gated:
    """A checker that asks for at most `most` titles at once; the others wait. Thread-safe.

    The pool alone would keep to its threads, but controls are asked by the writer beside it. Who
    came first goes first: a semaphore would give the place back to the thread that has just left
    it, and the writer would wait until the pool has nothing more to do.
    """

    def __init__(self, checker: Checker, most: int) -> None:
        self._checker = checker
        self._places = most
        self._changed = Condition()
        self._waiting: deque[object] = deque()

    def begin(self, between: Callable[[], object] = lambda: None) -> None:
        self._checker.begin(between)

    def check(
        self, target: Target, lane: int, *, stored: Stored | None = None, mirror: str = ""
    ) -> Checked:
        with self._place():
            return self._checker.check(target, lane, stored=stored, mirror=mirror)

    @property
    def request_count(self) -> int:
        return self._checker.request_count

    def close(self) -> None:
        self._checker.close()

    @contextmanager
    def _place(self) -> Iterator[None]:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            self._changed.wait_for(lambda: self._places and self._waiting[0] is ticket)
            self._waiting.popleft()
            self._move(-1)
        try:
            yield
        finally:
            with self._changed:
                self._move(+1)

    def _move(self, places: int) -> None:
        self._places += places
        self._changed.notify_all()  # the first of the waiting alone goes on
