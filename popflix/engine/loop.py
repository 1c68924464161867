"""What `manager.start()` runs in this process: an interval, and a pool that takes queued runs."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from typing import Protocol

from django.db import close_old_connections
from django.db.models import Min, Q, QuerySet

from popflix.engine.models import Run, RunStatus
from popflix.engine.pauses import RUN_IS_PAUSED
from popflix.engine.registry import Registry
from popflix.engine.runner import execute
from popflix.engine.slots import free_slots
from popflix.engine.threads import in_thread
from popflix.lib.clock import Clock

log = logging.getLogger(__name__)


class Loop(Protocol):
    """Calls a step again and again, between `start` and `stop`; may be started once more."""

    def start(self, step: Callable[[], object]) -> None: ...

    def stop(self) -> None:
        """Return when no step is at work any more."""
        ...


class IntervalLoop:
    """Calls the step at once and then every `seconds`, in a thread; logs a step that breaks."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, step: Callable[[], object]) -> None:
        if self._thread is None:
            self._over = threading.Event()
            self._thread = in_thread(self._repeat, step, self._over)

    def stop(self) -> None:
        thread, self._thread = self._thread, None
        self._over.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _repeat(self, step: Callable[[], object], over: threading.Event) -> None:
        while not over.is_set():
            try:
                close_old_connections()  # one that broke while we waited
                step()
            except Exception:
                log.exception("a step of the loop broke; the next one comes")
            over.wait(self._seconds)


class _Draining:
    """The stop of all runs of a pool: set, they hand over to whoever takes them next."""

    signal_number: int | None = None

    def __init__(self) -> None:
        self._asked = threading.Event()

    def __bool__(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        return self._asked.wait(seconds)

    def ask(self) -> None:
        self._asked.set()


class Pool:
    """At most `size` queue runs at a time, each in a thread of its own.

    The Run table alone says what is due, so that it works with and without a queue's worker
    beside it: whoever claims a run first has it.
    """

    def __init__(self, size: int, *, clock: Clock, registry: Registry) -> None:
        self._size, self._clock, self._registry = size, clock, registry
        self._running: set[int] = set()  # the runs' numbers
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._draining = _Draining()
        self._is_open = False

    def open(self) -> None:
        with self._lock:
            if not self._is_open:
                self._draining, self._is_open = _Draining(), True

    def fill(self) -> None:
        """Take what is due, as far as there is room; not while closed."""
        with self._lock:
            room = self._size - len(self._running)
            if not self._is_open or room <= 0:
                return
            due = _due(self._registry, self._clock.now()).exclude(pk__in=self._running)
            started = _next(due, self._registry, room)
            self._running.update(started)
            self._threads = [
                *(each for each in self._threads if each.is_alive()),
                *(in_thread(self._carry_out, run, self._draining) for run in started),
            ]

    def close(self) -> None:
        """Take nothing more; have what is at work hand over, and wait until it has."""
        with self._lock:
            self._is_open = False
            threads = list(self._threads)
        self._draining.ask()
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()

    def _carry_out(self, run: int, draining: _Draining) -> None:
        is_taken = False
        try:
            is_taken = execute(run, stop=draining, clock=self._clock, registry=self._registry)
        finally:
            with self._lock:
                self._running.discard(run)
        if is_taken:  # something may wait for its slot, or be the next step
            self.fill()


def _due(registry: Registry, now: dt.datetime) -> QuerySet[Run]:
    """Queue runs that nobody holds and that are due."""
    at_once = Q(status=RunStatus.QUEUED, resume_at=None)
    later = Q(status__in=[RunStatus.QUEUED, RunStatus.WAITING], resume_at__lte=now)
    return Run.objects.filter(
        at_once | later,
        ~RUN_IS_PAUSED,
        mode="",
        pid__isnull=True,
        dispatched_at__isnull=False,
        unit__in=registry.names(),
    )


def _next(due: QuerySet[Run], registry: Registry, room: int) -> list[int]:
    """First those that have their slot, then of each unit as many as it has free slots.

    One that waits for a slot of a busy unit would only keep others from being looked at.
    """
    ready = due.filter(slot__isnull=False).order_by("pk")
    found = list(ready.values_list("pk", flat=True)[:room])
    waiting = due.filter(slot=None)
    oldest_first = waiting.values("unit").annotate(first=Min("pk")).order_by("first")
    for name in oldest_first.values_list("unit", flat=True) if len(found) < room else ():
        unit = registry.find(name)
        count = 0 if unit is None else min(len(free_slots(unit)), room - len(found))
        of_unit = waiting.filter(unit=name).order_by("pk")
        found += of_unit.values_list("pk", flat=True)[:count]
    return found
