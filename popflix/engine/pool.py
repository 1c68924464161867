"""Threads that fetch, and do nothing else: no ORM, no decisions."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from django.db import connections

Item = TypeVar("Item")
Fetched = TypeVar("Fetched")


@dataclass(frozen=True, slots=True)
class Raised:
    """`fetch` ended with an exception."""

    error: BaseException


class NotStarted:
    """The order was taken back before any thread had begun with it."""


class FetchPool(Generic[Item, Fetched]):
    """At most `size` threads; what they bring comes back through `outcome`, in any order.

    More orders than threads may be given, so that no thread waits for the writer. While
    `is_halted` they come back as NotStarted; an error that `breaks` halts the pool by itself.

    Closing waits for the fetches in flight, so that nothing is closed under their hands. Only a
    second signal waits for nobody: the threads are daemons and never keep a process.
    """

    def __init__(
        self,
        fetch: Callable[[Item], Fetched],
        size: int,
        *,
        breaks: Callable[[BaseException], bool],
    ) -> None:
        self.size = size
        self.in_flight = 0  # ordered and not yet come back
        self.is_halted = False
        self._fetch, self._breaks = fetch, breaks
        self._orders: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[tuple[Item, Fetched | Raised | NotStarted]]
        self._outcomes = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_halted = True
        for _ in self._threads:
            self._orders.put(None)
        if error is None or isinstance(error, Exception):
            for thread in self._threads:
                thread.join()

    def submit(self, item: Item) -> None:
        self.in_flight += 1
        if self.in_flight > len(self._threads) and len(self._threads) < self.size:
            self._start_thread()
        self._orders.put(item)

    def outcome(self, timeout: float) -> tuple[Item, Fetched | Raised | NotStarted] | None:
        """The next item to come back, None when `timeout` seconds brought none; 0 only looks."""
        try:
            finished = self._outcomes.get(timeout > 0, timeout or None)
        except queue.Empty:
            return None
        self.in_flight -= 1
        return finished

    def _start_thread(self) -> None:
        # The context carries the run's id to the thread's log lines.
        context = contextvars.copy_context()
        name = f"fetch-{len(self._threads) + 1}"
        thread = threading.Thread(target=context.run, args=(self._work,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        try:
            while (item := self._orders.get()) is not None:
                self._outcomes.put((item, self._outcome_of(item)))
        finally:
            connections.close_all()  # a limiter may have opened one for this thread

    def _outcome_of(self, item: Item) -> Fetched | Raised | NotStarted:
        if self.is_halted:
            return NotStarted()
        try:
            return self._fetch(item)
        except BaseException as error:
            if self._breaks(error):
                self.is_halted = True
            return Raised(error)
