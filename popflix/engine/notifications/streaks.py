"""What the end of a run means for its unit: a first failure, a recovery, or nothing new. Pure.

Cancelled runs say nothing about a unit, and a failure that is tried again by itself is not one
yet: both are passed over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from popflix.engine.states import FAILED, Status


class Turn(StrEnum):
    NONE = ""
    FAILURE = "failure"  # the unit fails now and did not before
    RECOVERY = "recovery"  # the unit failed before and does not any more


@dataclass(frozen=True)
class Ended:
    """An ended run. `attempt` above 1 followed by itself upon the run `retry_of`."""

    run: int
    status: str
    at: dt.datetime
    attempt: int = 1
    retry_of: int | None = None


def turn(end: Ended, earlier: Sequence[Ended]) -> Turn:
    """What `end` means after `earlier`, the unit's other ended runs in any order."""
    before = _last_that_counts([*earlier, end], but=end.run)
    failed_before = before is not None and Status(before.status) in FAILED
    if Status(end.status) in FAILED:
        return Turn.NONE if failed_before else Turn.FAILURE
    if end.status == Status.COMPLETED and failed_before:
        return Turn.RECOVERY
    return Turn.NONE


def _last_that_counts(runs: Sequence[Ended], but: int) -> Ended | None:
    tried_again = {each.retry_of for each in runs if each.attempt > 1}
    counts = [
        each
        for each in runs
        if each.run != but and each.run not in tried_again and each.status != Status.CANCELLED
    ]
    return max(counts, key=lambda each: (each.at, each.run), default=None)
