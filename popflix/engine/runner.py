"""Running a unit: in the foreground or for a delivery of the queue, by the same steps."""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.db import (
    DatabaseError,
    InterfaceError,
    close_old_connections,
    connection,
    transaction,
)

from popflix.engine import q2, registry, runs
from popflix.engine.context import Parking, Reporter, RunContext, StopLike, StopReason
from popflix.engine.fence import FenceLost
from popflix.engine.heartbeat import Heartbeat
from popflix.engine.leases import return_leases
from popflix.engine.models import Run, RunStatus
from popflix.engine.recovery import reclaim_lost
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import OperatorError
from popflix.lib.logs import run_scope

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunOutcome:
    """How a foreground run ended. `run.status` may be `lost` or `cancelled` by somebody else."""

    run: Run
    result: Mapping[str, object] = field(default_factory=dict)
    stopped_by: int | None = None  # the signal's number


class _NeverStops:
    """A queue worker gets no signal: it is drained, and hands over in time by itself."""

    signal_number: int | None = None

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __bool__(self) -> bool:
        return False

    def wait(self, seconds: float) -> bool:
        self._clock.sleep(seconds)
        return False


def run_in_foreground(
    unit: str,
    params: Mapping[str, object],
    *,
    stop: StopLike,
    reporter: Reporter | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> RunOutcome:
    """Run the unit here and now, in the next free slot, as its operator's command.

    Runs that dead processes left behind are ended first and their rows given back. Raises
    OperatorError for an unknown unit or a wrong parameter, Busy, and whatever the body raises,
    the run then being stored as `error`.
    """
    reclaim_lost(clock=clock)
    run = runs.create_run(unit, params, trigger="command", clock=clock, status=RunStatus.RUNNING)
    ctx = RunContext(run, clock=clock, stop=stop, reporter=reporter)
    result = _perform(run, ctx)
    run.refresh_from_db()  # with the counts of its commits
    return RunOutcome(run, result, ctx.signal_number)


def execute(run_id: int, *, longest_seconds: float = 60.0, clock: Clock = SYSTEM_CLOCK) -> None:
    """Run what a delivery names; quiet when there is nothing to take.

    An error of the body ends up in the run and the log, never in the caller: the queue would
    store its text. After `longest_seconds` the run is parked and delivered again.
    """
    run = runs.claim_run(run_id, clock=clock)
    if run is None:
        log.debug("run %s is not ours to take", run_id)
        return
    stop = _NeverStops(clock)
    ctx = RunContext(run, clock=clock, stop=stop, longest_seconds=longest_seconds)
    # The body's errors are stored and logged by then.
    with contextlib.suppress(Exception):
        _perform(run, ctx)


def enqueue(
    unit: str, params: Mapping[str, object], *, trigger: str, clock: Clock = SYSTEM_CLOCK
) -> Run:
    """Store a queued run and its delivery in one transaction. Raises OperatorError and Busy."""
    with transaction.atomic():
        run = runs.create_run(unit, params, trigger=trigger, clock=clock)
        q2.dispatch(run.pk)
    return run


def _perform(run: Run, ctx: RunContext) -> Mapping[str, object]:
    with run_scope(run.pk), _kept(run, ctx):
        result = registry.get(run.unit).body(ctx) or {}
        _end(run, ctx, result)
        return result
    return {}


@contextlib.contextmanager
def _kept(run: Run, ctx: RunContext) -> Iterator[None]:
    """Beat while the body works; store how it broke. A lost fence ends it quietly."""
    try:
        with Heartbeat(run.pk, run.fence, clock=ctx.clock):
            yield
    except FenceLost as lost:
        log.info("stopping quietly: %s", lost)
    except BaseException as error:
        _end_broken(run, ctx, error)
        raise


def _end(run: Run, ctx: RunContext, result: Mapping[str, object]) -> None:
    reason = ctx.stop_reason
    if reason is StopReason.LOST:
        raise FenceLost(run.pk, run.fence)
    ctx.flush()
    if reason is StopReason.SIGNAL:
        name = _signal_name(ctx.signal_number)
        runs.finish(
            run,
            RunStatus.CANCELLED,
            clock=ctx.clock,
            error=f"stopped by {name}",
            result=result,
            signal=name,
        )
    elif reason is StopReason.CANCEL:
        runs.finish(
            run,
            RunStatus.CANCELLED,
            clock=ctx.clock,
            error="cancelled by an operator",
            result=result,
        )
    elif ctx.parking is not None:
        _park(run, ctx, ctx.parking)
    elif reason is StopReason.YIELD:
        _hand_over(run, ctx)
    else:
        runs.finish(run, RunStatus.COMPLETED, clock=ctx.clock, result=result)


def _park(run: Run, ctx: RunContext, parking: Parking) -> None:
    with transaction.atomic():
        runs.park(run, parking.resume_at, parking.why, clock=ctx.clock)
        q2.dispatch(run.pk, at=parking.resume_at)


def _hand_over(run: Run, ctx: RunContext) -> None:
    with transaction.atomic():
        runs.park(run, ctx.now(), "lets other runs pass", clock=ctx.clock)
        q2.dispatch(run.pk)


def _end_broken(run: Run, ctx: RunContext, error: BaseException) -> None:
    """Store the error and give back the rows that the body left leased."""
    is_stop = isinstance(error, KeyboardInterrupt)
    status = RunStatus.CANCELLED if is_stop else RunStatus.ERROR
    if not isinstance(error, OperatorError | KeyboardInterrupt):
        log.error("%s broke", run.unit, exc_info=error)
    try:
        if not connection.in_atomic_block:
            close_old_connections()  # the error may have been the connection's
        with transaction.atomic():
            runs.finish(run, status, clock=ctx.clock, error=_in_words(error))
            return_leases(run)
    except FenceLost as lost:
        log.info("the error is not stored: %s", lost)
    except (DatabaseError, InterfaceError) as trouble:
        # The next foreground run or the watcher finds it: the lease runs out.
        log.error("run %s could not be ended: %s", run.pk, trouble)


def _in_words(error: BaseException) -> str:
    if isinstance(error, OperatorError):
        return f"{error.cause} {error.cure}"
    return f"{type(error).__name__}: {error}"


def _signal_name(number: int | None) -> str:
    return signal.Signals(number).name if number else "a signal"
