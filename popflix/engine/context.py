"""What a unit's body gets: its parameters, its clock, and the only ways to tell and to commit."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from popflix.engine import runs, steps
from popflix.engine.fence import FenceLost
from popflix.engine.leases import token_prefix
from popflix.engine.lookout import Lookout, StopLike, StopReason
from popflix.engine.models import Run
from popflix.engine.telling import Reporter, Telling
from popflix.lib.clock import Clock

__all__ = ["FenceLost", "Parking", "Reporter", "RunContext", "StopLike", "StopReason"]

LONGEST_WAIT_HERE = 60.0  # what a foreground run waits itself
SHORT_WAIT = 5.0  # not worth a change of status


@dataclass(frozen=True)
class Parking:
    """A body's wish to go on later."""

    resume_at: dt.datetime
    why: str


class RunContext(Telling):
    """One claim of one run. Use it from the body's own thread only (`current` takes milestones
    from any).

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
        lookout = Lookout(run, clock=clock, stop=stop, longest_seconds=longest_seconds)
        super().__init__(run, lookout, clock=clock, reporter=reporter)
        self.params: Mapping[str, object] = run.params
        # What the body returned when an earlier claim of this run was parked; {} in the first.
        self.earlier: Mapping[str, object] = run.result
        self.parking: Parking | None = None
        self.in_foreground = longest_seconds is None
        self._run, self._stop = run, stop

    @functools.cached_property
    def handed_on(self) -> Mapping[str, object]:
        """What the earlier steps of the same process returned, later ones over earlier ones."""
        return steps.handed_on(self._run)

    @property
    def lease_prefix(self) -> str:
        """What all row leases of this claim begin with: "<run>-<fence>-"."""
        return token_prefix(self.run_id, self.fence)

    def lease_token(self, n: int) -> str:
        """The token of this claim's n-th row lease: "<run>-<fence>-<n>"."""
        return f"{self.lease_prefix}{n}"

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
        seconds = (resume_at - self.now()).total_seconds()
        self.begin_wait(resume_at, why)
        goes_on = self.pause(seconds, until)
        self.end_wait()
        return goes_on

    def begin_wait(self, resume_at: dt.datetime, why: str) -> None:
        """Show the run as `waiting` in its process; `end_wait` ends it. Raises FenceLost."""
        self.flush()
        runs.park(self._run, resume_at, why, clock=self.clock, in_process=True)
        seconds = (resume_at - self.now()).total_seconds()
        self._say(f"Waiting up to {seconds:.0f} s: {why}")

    def end_wait(self) -> None:
        if self.stop_reason is not StopReason.LOST:
            runs.resume(self._run, clock=self.clock)

    def sleep(self, seconds: float) -> None:
        """Sleep for at most a second, or until a signal asks to stop. From any thread."""
        self._lookout.sleep(seconds)
