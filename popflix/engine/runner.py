"""Running a unit: in the foreground or for a delivery of the queue, by the same steps."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from popflix.engine import conditions, coroutines, current, delivery, outcomes, pauses, runs
from popflix.engine.bus import bus
from popflix.engine.context import Reporter, RunContext, StopLike
from popflix.engine.fence import FenceLost
from popflix.engine.heartbeat import Heartbeat
from popflix.engine.models import Run, RunStatus
from popflix.engine.recovery import reclaim_lost
from popflix.engine.registry import Registry, Unit
from popflix.engine.registry import registry as all_units
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import OperatorError
from popflix.lib.logs import run_scope
from popflix.lib.logtail import following

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunOutcome:
    """How a foreground run ended. `run.status` may be `lost` or `cancelled` by somebody else."""

    run: Run
    result: Mapping[str, object] = field(default_factory=dict)
    stopped_by: int | None = None  # the signal's number


class NeverStops:
    """Nobody asks the run to stop: it hands over in time by itself."""

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
    trigger: str = "command",
    clock: Clock = SYSTEM_CLOCK,
    registry: Registry = all_units,
) -> RunOutcome:
    """Run the unit here and now, in the next free slot, as its operator's command.

    Runs that dead processes left behind are dealt with first and their rows given back; a
    machine's pause ends if its condition holds by now. Raises OperatorError for an unknown unit
    or a wrong parameter, Paused, Busy, and whatever the body raises, the run then being stored
    as `error`.
    """
    reclaim_lost(clock=clock, registry=registry)
    conditions.release_what_holds(clock.now(), unit=unit, ask_at_once=True)
    pauses.require_not_paused(unit)
    with bus.in_order():
        run = runs.create_run(
            unit, params, trigger=trigger, clock=clock, status=RunStatus.RUNNING, registry=registry
        )
    ctx = RunContext(run, clock=clock, stop=stop, reporter=reporter)
    result = _perform(run, ctx, registry)
    run.refresh_from_db()  # with the counts of its commits
    return RunOutcome(run, result, ctx.signal_number)


def execute(
    run_id: int,
    *,
    longest_seconds: float = 60.0,
    stop: StopLike | None = None,
    reporter: Reporter | None = None,
    clock: Clock = SYSTEM_CLOCK,
    registry: Registry = all_units,
) -> bool:
    """Run what a delivery names; False when there is nothing to take.

    An error of the body ends up in the run and the log, never in the caller: the queue would
    store its text. `stop` asks the run to hand over because its worker is being stopped; after
    `longest_seconds` it is parked and delivered again. A run that this process stored for itself
    is run as in the foreground.
    """
    stop = NeverStops(clock) if stop is None else stop  # one that did not ring is false
    if stop:
        delivery.hand_on(run_id, clock.now())
        return False
    with bus.in_order():
        run = runs.claim_run(run_id, clock=clock, registry=registry)
    if run is None:
        log.debug("run %s is not ours to take", run_id)
        return False
    longest = None if run.dispatched_at is None else longest_seconds
    ctx = RunContext(run, clock=clock, stop=stop, reporter=reporter, longest_seconds=longest)
    # The body's errors are stored and logged by then.
    with contextlib.suppress(Exception):
        _perform(run, ctx, registry)
    return True


def _perform(run: Run, ctx: RunContext, registry: Registry) -> Mapping[str, object]:
    log_lines = following(run.pk, ctx.recorder.tail)
    with run_scope(run.pk), log_lines, _kept(run, ctx, registry):
        result = _call(registry.get(run.unit), ctx) or {}
        with bus.in_order():
            outcomes.end(run, ctx, result, registry)
        return result
    return {}


def _call(unit: Unit, ctx: RunContext) -> Mapping[str, object] | None:
    if unit.body is None:
        raise OperatorError(f"{unit.name} is a process.", "Run it as one: run_process.")
    with current.working_for(ctx):
        return coroutines.call(unit.body, ctx)


@contextlib.contextmanager
def _kept(run: Run, ctx: RunContext, registry: Registry) -> Iterator[None]:
    """Beat while the body works; store how it broke. A lost fence ends it quietly."""
    try:
        with Heartbeat(run.pk, run.fence, clock=ctx.clock):
            yield
    except FenceLost as lost:
        log.info("stopping quietly: %s", lost)
    except BaseException as error:
        with bus.in_order():
            outcomes.end_broken(run, ctx, error, registry)
        raise
