"""One pipeline after the other, until nothing falls due soon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from popflix.engine.context import LONGEST_WAIT_HERE, RunContext
from popflix.engine.source import End, PipelineEnd

RunOnce = Callable[[PipelineEnd], PipelineEnd]
NextDue = Callable[[float], dt.datetime | None]
_AT_LEAST_SECONDS = 0.05  # between a row found due and the claim that may have missed it


def drain(ctx: RunContext, run_once: RunOnce, *, next_due: NextDue, what: str) -> PipelineEnd:
    """Call `run_once(figures so far)` (one `run_pipeline`) until it is stopped or all is done.

    When a pipeline parks, or nothing is due now but something will be within 60 s
    (`next_due(horizon_seconds)`), the run waits by `ctx.wait`: here in the foreground, parked on
    the queue. `what` names the rows for the operator: "titles". Returns the figures of all
    pipelines together, with the last one's end.
    """
    so_far = PipelineEnd()
    while True:
        last = run_once(so_far)
        so_far = together(so_far, last)
        if last.end is End.PARKED:
            goes_on = ctx.wait(last.parked_seconds, last.why)
        elif last.end is End.DONE:
            goes_on = _wait_for_due(ctx, next_due, what)
        else:
            goes_on = False
        if not goes_on:
            return so_far


def together(first: PipelineEnd, second: PipelineEnd) -> PipelineEnd:
    """The sum of the figures, with the end of the second."""
    return replace(
        second,
        counts=first.counts + second.counts,
        claimed=first.claimed + second.claimed,
        fetches=first.fetches + second.fetches,
        retries=first.retries + second.retries,
        given_back=first.given_back + second.given_back,
    )


def _wait_for_due(ctx: RunContext, next_due: NextDue, what: str) -> bool:
    due_at = next_due(LONGEST_WAIT_HERE)
    if due_at is None:
        return False
    seconds = max(_AT_LEAST_SECONDS, (due_at - ctx.now()).total_seconds())

    def is_over() -> bool:
        # Other workers may finish the rows they hold long before their leases end.
        soonest = next_due(LONGEST_WAIT_HERE)
        return soonest is None or soonest <= ctx.now()

    return ctx.wait(
        min(seconds, LONGEST_WAIT_HERE), f"the next {what} are due then", until=is_over
    )
