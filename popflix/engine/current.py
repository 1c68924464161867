"""The run that the calling code works for: milestones can be told from anywhere.

A run's context belongs to the thread of its body. What other threads and coroutines of the body
tell is kept in order and written by that thread: with its next commit, and at the latest before
the run ends.
"""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import logging
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, connections

from popflix.engine import events
from popflix.engine.models import Event
from popflix.engine.states import Kind
from popflix.lib.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from popflix.engine.context import RunContext

log = logging.getLogger(__name__)
_current: contextvars.ContextVar[RunContext | None] = contextvars.ContextVar(
    "current_context", default=None
)
LONGEST_ID = 150  # characters, as the column is


@dataclass(frozen=True, slots=True)
class Letter:
    """Something told that is not written yet."""

    kind: Kind
    milestone_id: str
    payload: Mapping[str, object]
    at: dt.datetime


class Letterbox:
    """What other threads and coroutines told, oldest first. Only the body's thread empties it."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque()
        self._thread = threading.get_ident()
        self.is_closed = False  # the run has ended, or its process lost it

    def is_mine(self) -> bool:
        """Whether the calling code may use the database on the body's behalf."""
        return threading.get_ident() == self._thread and not in_event_loop()

    def put(
        self, kind: Kind, milestone_id: str, payload: Mapping[str, object], clock: Clock
    ) -> None:
        self._letters.append(Letter(kind, milestone_id, dict(payload), clock.now()))

    def letters(self) -> list[Letter]:
        return list(self._letters)

    def drop_first(self, count: int) -> None:
        """They are stored."""
        for _ in range(count):
            self._letters.popleft()

    def drop_after(self, count: int) -> None:
        """Forget all but the oldest `count`: what was told in a commit that failed."""
        while len(self._letters) > count:
            self._letters.pop()

    def __len__(self) -> int:
        return len(self._letters)


@contextmanager
def working_for(ctx: RunContext) -> Iterator[None]:
    """Milestones told inside, also by coroutines and copied contexts, are of this run."""
    token = _current.set(ctx)
    try:
        yield
    finally:
        ctx.letterbox.is_closed = True
        _current.reset(token)


def current_context() -> RunContext | None:
    """The context of the run that the calling code works for; None outside of every run."""
    ctx = _current.get()
    return None if ctx is None or ctx.letterbox.is_closed else ctx


def emit_milestone(
    milestone_id: str,
    payload: Mapping[str, object] | None = None,
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Tell a milestone of the current run, or of none where there is none. Never blocks a loop.

    Raises ValueError for an id that is empty or longer than 150 characters.
    """
    require_id(milestone_id)
    ctx, told = current_context(), dict(payload or {})
    if ctx is not None and not ctx.letterbox.is_mine():
        ctx.letterbox.put(Kind.MILESTONE, milestone_id, told, clock)
    elif ctx is not None and (ctx.is_committing or not connection.in_atomic_block):
        ctx.milestone(milestone_id, **{str(key): value for key, value in told.items()})
    elif ctx is not None:  # a transaction of the body's own: the milestone is part of it
        _tell(ctx.run_id, ctx.unit, milestone_id, told, clock.now())
    elif in_event_loop():
        _later.submit(_tell_and_close, milestone_id, told, clock.now())
    else:
        _tell(None, "", milestone_id, told, clock.now())


def require_id(milestone_id: str) -> None:
    """Raises ValueError at whoever tells it: later the run could not even be ended for it."""
    if not 0 < len(milestone_id) <= LONGEST_ID:
        raise ValueError(f"a milestone's id has 1 to {LONGEST_ID} characters: {milestone_id!r}")


def in_event_loop() -> bool:
    """Whether the calling thread runs a loop just now: Django's ORM refuses to work there."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


# Writes what coroutines outside of every run tell, one after the other.
_later = ThreadPoolExecutor(1, thread_name_prefix="milestones")


def _tell_and_close(milestone_id: str, told: Mapping[str, object], at: dt.datetime) -> None:
    try:
        _tell(None, "", milestone_id, told, at)
    except Exception:
        log.exception("the milestone %s could not be stored", milestone_id)
    finally:
        connections.close_all()


def wait_until_written() -> None:
    """Return when all is stored that coroutines outside of every run told so far."""
    _later.submit(int).result()


def _tell(
    run_id: int | None, unit: str, milestone_id: str, told: Mapping[str, object], at: dt.datetime
) -> Event:
    return events.tell(run_id, unit, Kind.MILESTONE, at, milestone_id=milestone_id, payload=told)
