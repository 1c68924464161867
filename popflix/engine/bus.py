"""The bus of this process: listeners hear each event right after the commit that stores it.

Other processes read the Event table. Where nobody listens, nothing is built and nothing locked.

Events are heard in the order in which they became true. Two threads may commit one after the
other and reach the bus the other way round, so the transactions whose order matters (runs that
start and end) are wrapped in `in_order`: the bus takes their events before the next one commits.
Listeners are called outside of it, one event at a time, so that they may start runs themselves.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction

from popflix.engine.models import Event

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """An event as listeners get it; `unit_id` is empty and `run_id` None outside of a run."""

    id: int
    at: dt.datetime
    type: str
    unit_id: str
    run_id: int | None
    milestone_id: str
    payload: Mapping[str, object]


Listener = Callable[[Heard], object]
MilestoneHandler = Callable[[str, Mapping[str, object]], object]
Unsubscribe = Callable[[], None]


class Bus:
    """Thread-safe. A listener that raises is logged; the others hear the event all the same."""

    def __init__(self) -> None:
        self._listeners: dict[int, Listener] = {}  # replaced, never changed: read without a lock
        self._names = itertools.count()
        self._heard: deque[Heard] = deque()
        self._state = threading.Condition()
        self._caller: int | None = None  # the thread that calls the listeners now
        self._order = threading.RLock()
        self._mine = threading.local()

    def subscribe(self, listener: Listener) -> Unsubscribe:
        """Call `listener` with every event from now on; what it returns is ignored."""
        name = next(self._names)
        with self._state:
            self._listeners = {**self._listeners, name: listener}

        def unsubscribe() -> None:
            with self._state:
                self._listeners = {
                    key: each for key, each in self._listeners.items() if key != name
                }

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Have the event heard when the open transaction is committed, at once where none is."""
        if self._listeners:
            transaction.on_commit(functools.partial(self._take, event))

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """Around whole transactions, never inside of one: see the module's head."""
        if not self._listeners:
            yield
            return
        try:
            with self._order:
                self._mine.depth = self._depth() + 1
                try:
                    yield
                finally:
                    self._mine.depth -= 1
        finally:
            self._call_listeners()

    def wait_until_heard(self, seconds: float = 5.0) -> None:
        """Return when every event so far has been heard; at once when called by a listener."""
        with self._state:
            if self._caller != threading.get_ident():
                self._state.wait_for(lambda: self._caller is None and not self._heard, seconds)

    def _take(self, event: Event) -> None:
        heard = Heard(
            event.pk,
            event.at,
            str(event.kind),
            event.unit,
            event.run_id,
            event.milestone_id,
            event.payload,
        )
        with self._state:
            self._heard.append(heard)
        self._call_listeners()

    def _call_listeners(self) -> None:
        """One thread at a time; what the others bring meanwhile it calls for, too.

        A listener's own events are heard after the one it hears.
        """
        if self._depth():
            return
        while True:
            with self._state:
                if self._caller is not None or not self._heard:
                    return
                self._caller, heard = threading.get_ident(), self._heard.popleft()
            try:
                self._call(heard)
            finally:
                with self._state:
                    self._caller = None
                    self._state.notify_all()

    def _call(self, heard: Heard) -> None:
        for listener in self._listeners.values():
            try:
                listener(heard)
            except Exception:
                log.exception("a listener broke at %s of %s", heard.type, heard.unit_id)

    def _depth(self) -> int:
        return getattr(self._mine, "depth", 0)


bus = Bus()  # of this process; `events.tell` publishes on it


def for_milestones(handler: MilestoneHandler) -> Listener:
    """A listener that hears milestones alone, those of a status (`unit.<name>.<status>`) too."""

    def listener(heard: Heard) -> None:
        if heard.milestone_id:
            handler(heard.milestone_id, heard.payload)

    return listener
