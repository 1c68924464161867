"""When a failed run is tried again, and what becomes of one whose process died. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from popflix.lib.backoff import backoff_seconds


@dataclass(frozen=True)
class RetryPolicy:
    """Of a unit. `attempts` counts the first one; an OperatorError is never tried again.

    No attempt starts later than `deadline_seconds` after the first one was queued. A run whose
    process dies `crashes` times in a row without any progress between is given up as lost; dying
    costs no attempt.
    """

    attempts: int = 1
    base_seconds: float = 30.0
    cap_seconds: float = 3600.0
    deadline_seconds: float | None = None
    crashes: int = 3

    def next_attempt_at(
        self, attempt: int, *, first_queued_at: dt.datetime, now: dt.datetime, random01: float
    ) -> dt.datetime | None:
        """When the attempt after `attempt` (1, 2, …) starts; None: there is none."""
        if attempt >= self.attempts:
            return None
        seconds = backoff_seconds(attempt - 1, random01, self.base_seconds, self.cap_seconds)
        at = now + dt.timedelta(seconds=seconds)
        if self.deadline_seconds is not None:
            latest = first_queued_at + dt.timedelta(seconds=self.deadline_seconds)
            if at > latest:
                return None
        return at


class Verdict(StrEnum):
    """What becomes of a run whose process is gone."""

    CANCEL = "cancel"  # somebody had asked for that
    REQUEUE = "requeue"  # another process goes on with it
    LOST = "lost"


def crashes_in_a_row(*, crash_count: int, crashed_at_done: int, done_count: int) -> int:
    """With the one that just happened, counted from the last progress on."""
    return 1 if done_count > crashed_at_done else crash_count + 1


def verdict(
    policy: RetryPolicy, *, is_on_queue: bool, is_cancel_requested: bool, crashes: int
) -> Verdict:
    """`crashes` in a row, the last one included. Only runs on the queue outlive a process."""
    if is_cancel_requested:
        return Verdict.CANCEL
    if is_on_queue and crashes < policy.crashes:
        return Verdict.REQUEUE
    return Verdict.LOST
