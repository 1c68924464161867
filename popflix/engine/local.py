"""Running units in this operating-system process, here and now: workers and whole processes."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Mapping, Sequence

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from popflix.engine import conditions, groups, pauses, runs, starting
from popflix.engine.bus import bus
from popflix.engine.changes import whole
from popflix.engine.context import Reporter, StopLike
from popflix.engine.creating import Order
from popflix.engine.fence import FenceLost
from popflix.engine.models import Run, RunStatus
from popflix.engine.recovery import reclaim_lost
from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.runner import RunOutcome, execute, run_in_foreground
from popflix.engine.threads import in_thread
from popflix.lib.clock import SYSTEM_CLOCK, Clock

log = logging.getLogger(__name__)
RETRY_SECONDS = 0.5  # between two looks for a slot that others hold


def run_here(
    unit: str,
    params: Mapping[str, object],
    *,
    stop: StopLike,
    reporter: Reporter | None = None,
    trigger: str = "command",
    clock: Clock = SYSTEM_CLOCK,
    registry: Registry = all_units,
) -> RunOutcome:
    """Run a worker or a process here, and return when it has ended.

    Raises OperatorError for an unknown unit or a wrong parameter, Paused and Busy; of a worker
    also what its body raises. How a process ended is in the outcome's run.
    """
    run = _run_process if registry.get(unit).is_process else run_in_foreground
    return run(
        unit,
        params,
        stop=stop,
        reporter=reporter,
        trigger=trigger,
        clock=clock,
        registry=registry,
    )


def _run_process(
    unit: str,
    params: Mapping[str, object],
    *,
    stop: StopLike,
    reporter: Reporter | None,
    trigger: str,
    clock: Clock,
    registry: Registry,
) -> RunOutcome:
    definition = registry.get(unit)
    reclaim_lost(clock=clock, registry=registry)
    for name in (unit, *definition.workers):
        conditions.release_what_holds(clock.now(), unit=name, ask_at_once=True)
        pauses.require_not_paused(name)
    with bus.in_order():
        parent = starting.start(Order(definition, params, trigger), clock.now(), registry)
    group = _Group(parent, _SharedStop(stop), reporter, clock, registry)
    group.work()
    parent.refresh_from_db()
    is_stopped = parent.status == RunStatus.CANCELLED and bool(group.stop)
    return RunOutcome(parent, parent.result, group.stop.signal_number if is_stopped else None)


class _SharedStop:
    """One stop for all workers of a process: the caller's, or that its thread was interrupted."""

    def __init__(self, outer: StopLike) -> None:
        self._outer = outer
        self._own: int | None = None

    @property
    def signal_number(self) -> int | None:
        return self._own or self._outer.signal_number

    def __bool__(self) -> bool:
        return self._own is not None or bool(self._outer)

    def wait(self, seconds: float) -> bool:
        return self._outer.wait(seconds) or bool(self)

    def interrupt(self) -> None:
        self._own = signal.SIGINT


class _Group:
    """The children of one process, which all belong to this operating-system process."""

    def __init__(
        self,
        parent: Run,
        stop: _SharedStop,
        reporter: Reporter | None,
        clock: Clock,
        registry: Registry,
    ) -> None:
        self.stop = stop
        self._parent, self._clock, self._registry = parent, clock, registry
        self._reporter = None if reporter is None else _Reporter(reporter, parent)

    def work(self) -> None:
        """Carry out children until none is new: a sequence stores the next when one has ended."""
        seen: set[int] = set()
        while new := [child for child in self._queued() if child not in seen]:
            seen.update(new)
            if len(new) == 1:
                self._carry_out(new[0])
            else:
                self._carry_out_side_by_side(new)

    def _queued(self) -> list[int]:
        queued = Run.objects.filter(parent=self._parent, status=RunStatus.QUEUED)
        return list(queued.order_by("step").values_list("pk", flat=True))

    def _carry_out_side_by_side(self, children: Sequence[int]) -> None:
        threads = [in_thread(self._carry_out, child) for child in children]
        try:
            for thread in threads:
                thread.join()
        except BaseException:  # Ctrl-C in the thread that waits: let them end their chunks
            self.stop.interrupt()
            for thread in threads:
                thread.join()
            raise

    def _carry_out(self, child: int) -> None:
        """Until the child has ended; while its unit has no free slot, wait for one."""
        while not self.stop:
            try:
                if self._execute(child):
                    break
                why = self._why_never(child)
            except (OperationalError, InterfaceError) as error:
                # Left alone, it and its process would stay active for as long as we live.
                log.warning("run %s waits for the database: %s", child, error)
                why = ""
                if not connection.in_atomic_block:
                    close_old_connections()
            if why:
                self._give_up(child, why)
                break
            self.stop.wait(RETRY_SECONDS)
        else:
            self._give_up(child, "stopped before it began")
        if self._reporter is not None:
            self._reporter.one_ended()

    def _execute(self, child: int) -> bool:
        return execute(
            child,
            stop=self.stop,
            reporter=self._reporter,
            clock=self._clock,
            registry=self._registry,
        )

    def _why_never(self, child: int) -> str:
        """Why the child will not begin by waiting a little; empty when it may, or has ended."""
        run = Run.objects.get(pk=child)
        if run.status != RunStatus.QUEUED:
            return "it has ended"
        if self._registry.find(run.unit) is None:
            return f"{run.unit} is registered no longer"
        return pauses.why_paused(run.unit, self._parent.unit)

    def _give_up(self, child: int, why: str) -> None:
        def end() -> None:
            run = Run.objects.get(pk=child)
            if run.status != RunStatus.QUEUED:
                return
            if self.stop:
                groups.stop_with(run, self._clock.now())
            runs.finish(
                run,
                RunStatus.CANCELLED,
                clock=self._clock,
                error=why,
                registry=self._registry,
            )

        with bus.in_order(), contextlib.suppress(FenceLost):
            whole(end)


class _Reporter:
    """Shows a process: how many of its workers have ended, and what each of them notes."""

    def __init__(self, reporter: Reporter, parent: Run) -> None:
        self._reporter, self._total = reporter, parent.total_count
        self._done = 0
        self._lock = threading.Lock()
        reporter.progress(0, self._total)

    def progress(self, done: int, total: int | None) -> None:
        """A worker's own figures are shown by `top`."""

    def note(self, text: str) -> None:
        with self._lock:
            self._reporter.note(text)

    def one_ended(self) -> None:
        with self._lock:
            self._done += 1
            self._reporter.progress(self._done, self._total)
