"""Whether to go on, asked between two chunks of work."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Protocol

from django.db import DatabaseError, InterfaceError, connection

from popflix.engine import fence, runs
from popflix.engine.models import Run, RunStatus
from popflix.engine.pauses import holds
from popflix.lib.clock import Clock

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0  # how often the row is asked for a cancel and for the fence
YIELD_SECONDS = 30.0  # a queue run then lets another one pass


class StopLike(Protocol):
    """Set when the operator wants the work to end: `popflix.lib.command.StopRequest`."""

    @property
    def signal_number(self) -> int | None: ...

    def __bool__(self) -> bool: ...

    def wait(self, seconds: float) -> bool: ...


class StopReason(StrEnum):
    SIGNAL = "signal"  # SIGINT or SIGTERM to a foreground run
    CANCEL = "cancel"  # an operator asked for it
    LOST = "lost"  # the fence: somebody else holds the run, or it has ended
    PAUSE = "pause"  # somebody paused the unit
    DRAIN = "drain"  # the queue worker that holds the run is being stopped
    YIELD = "yield"  # a queue run has had its turn


class Lookout:
    """One claim's reasons to stop. The first one stays, but a lost fence overrides it.

    Nearly free to ask: the row is looked at once a second.
    """

    def __init__(
        self, run: Run, *, clock: Clock, stop: StopLike, longest_seconds: float | None
    ) -> None:
        self.reason: StopReason | None = None
        self.longest_seconds = longest_seconds
        self._run, self._run_id, self._fence = run, run.pk, run.fence
        self._clock, self._stop = clock, stop
        self._started = self._beaten = clock.monotonic()
        self._looked = float("-inf")

    def must_stop(self) -> bool:
        if self._stop and self.reason is None:
            in_foreground = self.longest_seconds is None
            self.reason = StopReason.SIGNAL if in_foreground else StopReason.DRAIN
        now = self._clock.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._look()
        return self.reason is not None

    def sleep(self, seconds: float) -> None:
        self._stop.wait(min(seconds, LOOK_SECONDS))

    def lost(self) -> fence.FenceLost:
        self.reason = StopReason.LOST
        return fence.FenceLost(self._run_id, self._fence)

    def has_beaten(self) -> None:
        """A commit prolonged the lease just now: a chunk is done, so look before the next."""
        self._beaten = self._clock.monotonic()
        self._looked = float("-inf")

    def _look(self) -> None:
        try:
            self._look_at_row()
            if connection.vendor == "sqlite":
                self._beat()
        except (DatabaseError, InterfaceError) as error:  # the next commit tells what it means
            log.warning("run %s cannot look at its row: %s", self._run_id, error)

    def _look_at_row(self) -> None:
        row = Run.objects.filter(pk=self._run_id, fence=self._fence, pid__isnull=False)
        seen = next(iter(row.values_list("status", "cancel_requested_at")[:1]), None)
        if seen is None or seen[0] not in (RunStatus.RUNNING, RunStatus.WAITING):
            self.reason = StopReason.LOST
        elif self.reason is None and seen[1] is not None:
            self.reason = StopReason.CANCEL
        elif self.reason is None and holds(self._run):
            self.reason = StopReason.PAUSE
        elif self.reason is None and self._is_others_turn():
            self.reason = StopReason.YIELD

    def _is_others_turn(self) -> bool:
        if self.longest_seconds is None:
            return False
        elapsed = self._clock.monotonic() - self._started
        if elapsed >= self.longest_seconds:
            return True
        return elapsed >= YIELD_SECONDS and runs.someone_waits(self._clock.now())

    def _beat(self) -> None:
        """On SQLite a second writer would wait for our commits, so the writer beats itself."""
        if self._clock.monotonic() - self._beaten >= fence.BEAT_SECONDS:
            self.has_beaten()
            fence.beat(self._run_id, self._fence, now=self._clock.now())
