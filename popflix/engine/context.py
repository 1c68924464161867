"""What a unit's body gets: its parameters, its clock, and the only ways to tell and to commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from django.db import transaction

from popflix.engine import events, fence, runs
from popflix.engine.fence import FenceLost
from popflix.engine.leases import token_prefix
from popflix.engine.lookout import Lookout, StopLike, StopReason
from popflix.engine.models import Run
from popflix.engine.states import Kind
from popflix.lib.clock import Clock

__all__ = ["FenceLost", "Parking", "Reporter", "RunContext", "StopLike", "StopReason"]

LONGEST_WAIT_HERE = 60.0  # what a foreground run waits itself
SHORT_WAIT = 5.0  # not worth a change of status
SAVE_SECONDS = 1.0  # between two stored figures of progress


class Reporter(Protocol):
    """Where a foreground run shows itself."""

    def progress(self, done: int, total: int | None) -> None: ...

    def note(self, text: str) -> None: ...


@dataclass(frozen=True)
class Parking:
    """A body's wish to go on later."""

    resume_at: dt.datetime
    why: str


class RunContext:
    """One claim of one run. Use it from the body's own thread only.

    `longest_seconds` is set for queue runs alone: they park instead of waiting here, and hand
    over to others in time.
    """

    def __init__(
        self,
        run: Run,
        *,
        clock: Clock,
        stop: StopLike,
        reporter: Reporter | None = None,
        longest_seconds: float | None = None,
    ) -> None:
        self.run_id: int = run.pk
        self.fence: int = run.fence
        self.params: Mapping[str, object] = run.params
        self.clock = clock
        self.parking: Parking | None = None
        self.in_foreground = longest_seconds is None
        self._run, self._reporter, self._stop = run, reporter, stop
        self._lookout = Lookout(run, clock=clock, stop=stop, longest_seconds=longest_seconds)
        self._done, self._total = run.done_count, run.total_count
        self._saved_at, self._is_unsaved = clock.monotonic(), False
        self._in_commit = False

    def now(self) -> dt.datetime:
        return self.clock.now()

    @property
    def lease_prefix(self) -> str:
        """What all row leases of this claim begin with: "<run>-<fence>-"."""
        return token_prefix(self.run_id, self.fence)

    def lease_token(self, n: int) -> str:
        """The token of this claim's n-th row lease: "<run>-<fence>-<n>"."""
        return f"{self.lease_prefix}{n}"

    # --- telling ------------------------------------------------------------------------

    def progress(self, done: int | None = None, total: int | None = None) -> None:
        """Set absolute counts, None leaves one as it is; stored at most once a second."""
        self._done = self._done if done is None else done
        self._total = self._total if total is None else total
        self._is_unsaved = True
        self._show()
        if self.clock.monotonic() - self._saved_at >= SAVE_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Store the progress that is not stored yet. Raises FenceLost."""
        if not self._is_unsaved:
            return
        if not fence.set_progress(
            self.run_id, self.fence, now=self.now(), done=self._done, total=self._total
        ):
            raise self._lookout.lost()
        self._saved_at, self._is_unsaved = self.clock.monotonic(), False

    def milestone(self, milestone_id: str, /, **payload: object) -> None:
        """Tell that something is reached, in the open commit or in one of its own."""
        self._tell(Kind.MILESTONE, milestone_id, payload)

    def note(self, text: str) -> None:
        """Tell the operator a sentence: an event, and a line of the foreground command."""
        self._tell(Kind.NOTE, "", {"text": text})
        self._say(text)

    def _tell(self, kind: Kind, milestone_id: str, payload: Mapping[str, object]) -> None:
        if not self._in_commit:
            with self.commit():
                self._tell(kind, milestone_id, payload)
            return
        unit, now = self._run.unit, self.now()
        events.tell(self.run_id, unit, kind, now, milestone_id=milestone_id, payload=payload)

    def _show(self) -> None:
        if self._reporter is not None:
            self._reporter.progress(self._done, self._total)

    def _say(self, text: str) -> None:
        if self._reporter is not None:
            self._reporter.note(text)

    # --- committing ---------------------------------------------------------------------

    @contextmanager
    def commit(self, *, done: int = 0, ok: int = 0, failed: int = 0) -> Iterator[None]:
        """One transaction that opens with the fenced UPDATE of the run; the counts are added.

        Raises FenceLost, nothing written, when the run belongs to somebody else by now.
        """
        with transaction.atomic(durable=True):
            if not fence.advance(
                self.run_id, self.fence, now=self.now(), done=done, ok=ok, failed=failed
            ):
                raise self._lookout.lost()
            self._in_commit = True
            try:
                yield
            finally:
                self._in_commit = False
        self._lookout.has_beaten()
        if done:
            self._done += done
            self._show()

    # --- stopping and waiting -----------------------------------------------------------

    def should_stop(self) -> bool:
        """Whether to return from the body between two chunks; `stop_reason` says why."""
        return self._lookout.must_stop()

    @property
    def stop_reason(self) -> StopReason | None:
        return self._lookout.reason

    @property
    def signal_number(self) -> int | None:
        """Of the signal that asked the run to stop."""
        return self._stop.signal_number if self.stop_reason is StopReason.SIGNAL else None

    def wait(self, seconds: float, why: str, *, until: Callable[[], bool] | None = None) -> bool:
        """Wait before going on; False: return from the body now.

        A foreground run waits up to 60 s itself, shown as `waiting`, asking `until` every
        second whether the wait is over already. A queue run is parked once its body returned,
        and goes on in a later delivery.
        """
        if seconds <= SHORT_WAIT:
            return self.pause(seconds, until)
        if self.should_stop():
            return False
        resume_at = self.now() + dt.timedelta(seconds=seconds)
        if not self.in_foreground:
            self.parking = Parking(resume_at, why)
            return False
        if seconds > LONGEST_WAIT_HERE:
            self.note(f"Not waiting {seconds:.0f} s: {why}")
            return False
        return self._wait_here(resume_at, why, until)

    def pause(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Sleep, beating, unless there is a reason to stop; False: there is one."""
        end = self.clock.monotonic() + seconds
        while not self.should_stop():
            left = end - self.clock.monotonic()
            if left <= 0 or (until is not None and until()):
                return True
            self._lookout.sleep(left)
        return False

    def _wait_here(
        self, resume_at: dt.datetime, why: str, until: Callable[[], bool] | None
    ) -> bool:
        self.flush()
        seconds = (resume_at - self.now()).total_seconds()
        runs.park(self._run, resume_at, why, clock=self.clock, in_process=True)
        self._say(f"Waiting up to {seconds:.0f} s: {why}")
        goes_on = self.pause(seconds, until)
        if self.stop_reason is not StopReason.LOST:
            runs.resume(self._run, clock=self.clock)
        return goes_on
