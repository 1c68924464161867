"""What becomes of a run when its body returns or breaks."""

from __future__ import annotations

import datetime as dt
import logging
import signal
from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from popflix.engine import groups, pauses, runs
from popflix.engine.cancelling import end_if_asked
from popflix.engine.changes import whole
from popflix.engine.context import RunContext, StopReason
from popflix.engine.fence import FenceLost
from popflix.engine.leases import return_leases
from popflix.engine.models import Run, RunStatus
from popflix.engine.models.pauses import Holder
from popflix.engine.pauses import StopsUnit
from popflix.engine.registry import Registry
from popflix.lib.errors import OperatorError

log = logging.getLogger(__name__)
TURN_ENDED = "lets other runs pass"
_WHY_HANDED_OVER = {
    StopReason.YIELD: TURN_ENDED,
    StopReason.DRAIN: "its worker is being stopped",
}


def end(run: Run, ctx: RunContext, result: Mapping[str, object], registry: Registry) -> None:
    """The body returned: for good, for the reason it was given to stop, or to wait."""
    reason = ctx.stop_reason
    if reason is StopReason.LOST:
        raise FenceLost(run.pk, run.fence)
    ctx.flush()
    if reason is StopReason.SIGNAL:
        name = _signal_name(ctx.signal_number)
        groups.stop_with(run, ctx.now())
        _cancel(run, ctx, f"stopped by {name}", result, registry, signal=name)
    elif reason is StopReason.CANCEL:
        _cancel(run, ctx, "cancelled by an operator", result, registry)
    elif reason is StopReason.PAUSE:
        _stop_for_pause(run, ctx, result, registry)
    elif ctx.parking is not None:
        wish = ctx.parking
        _park(run, ctx, wish.resume_at, wish.why, result, registry)
    elif reason is not None:
        _park(run, ctx, ctx.now(), _WHY_HANDED_OVER[reason], result, registry)
    else:
        runs.finish(
            run,
            RunStatus.COMPLETED,
            clock=ctx.clock,
            result=result,
            registry=registry,
            beside=ctx.recorder.keep_last,
        )


def _stop_for_pause(
    run: Run, ctx: RunContext, result: Mapping[str, object], registry: Registry
) -> None:
    """A queue run waits for the resumption; a foreground run ends, its terminal is told why."""
    units = [run.unit] if run.parent is None else [run.unit, run.parent.unit]
    why = pauses.why_paused(*units) or "paused"
    if ctx.in_foreground:
        _cancel(run, ctx, why, result, registry)
    else:
        _park(run, ctx, None, why, result, registry)


def _park(
    run: Run,
    ctx: RunContext,
    resume_at: dt.datetime | None,
    why: str,
    result: Mapping[str, object],
    registry: Registry,
) -> None:
    """Let go of the run, and end it if its cancel was asked for since the body looked last."""
    keep = ctx.recorder.keep_lines
    runs.park(run, resume_at, why, clock=ctx.clock, result=result, beside=keep)
    end_if_asked(run, why="cancelled by an operator", clock=ctx.clock, registry=registry)


def _cancel(
    run: Run,
    ctx: RunContext,
    why: str,
    result: Mapping[str, object],
    registry: Registry,
    **told: Any,
) -> None:
    runs.finish(
        run,
        RunStatus.CANCELLED,
        clock=ctx.clock,
        error=why,
        result=result,
        registry=registry,
        beside=ctx.recorder.keep_last,
        **told,
    )


def end_broken(run: Run, ctx: RunContext, error: BaseException, registry: Registry) -> None:
    """Store the error and give back the rows that the body left leased; where no run of the
    unit can succeed, pause it in the same transaction."""
    is_stop = isinstance(error, KeyboardInterrupt)
    if not isinstance(error, OperatorError | KeyboardInterrupt):
        log.error("%s broke", run.unit, exc_info=error)

    def store() -> None:
        if is_stop:
            groups.stop_with(run, ctx.now())
        runs.finish(
            run,
            RunStatus.CANCELLED if is_stop else RunStatus.ERROR,
            clock=ctx.clock,
            error=_in_words(error),
            may_retry=not isinstance(error, OperatorError),
            registry=registry,
            beside=ctx.recorder.keep_last,
        )
        return_leases(run)
        if isinstance(error, StopsUnit):
            _pause(run, ctx, error)

    try:
        if not connection.in_atomic_block:
            close_old_connections()  # the error may have been the connection's
        ctx.write_letters()
        whole(store, run)
    except FenceLost as lost:
        log.info("the error is not stored: %s", lost)
    except (DatabaseError, InterfaceError) as trouble:
        # The next foreground run or the watcher finds it: the lease runs out.
        log.error("run %s could not be ended: %s", run.pk, trouble)


def _pause(run: Run, ctx: RunContext, error: StopsUnit) -> None:
    pauses.pause(
        run.unit,
        by=f"run {run.pk}",
        why=_in_words(error),
        now=ctx.now(),
        holder=Holder.MACHINE,
        condition=error.condition,
        memory=error.memory,
    )


def _in_words(error: BaseException) -> str:
    if isinstance(error, OperatorError):
        return f"{error.cause} {error.cure}"
    return f"{type(error).__name__}: {error}"


def _signal_name(number: int | None) -> str:
    return signal.Signals(number).name if number else "a signal"
