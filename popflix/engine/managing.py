"""The manager: one object through which a program of one's own uses the engine.

Units are code and belong to a registry of this process; runs, pauses and events are rows that all
processes share. Two managers are two handles on the same engine.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Mapping
from typing import Protocol

from django.conf import settings
from django.db import transaction

from popflix.engine import current, forms, pauses, starting
from popflix.engine.bus import bus
from popflix.engine.context import Reporter, StopLike
from popflix.engine.events import tell
from popflix.engine.listening import Listening
from popflix.engine.local import run_here
from popflix.engine.loop import IntervalLoop, Loop, Pool
from popflix.engine.models import Run
from popflix.engine.models.pauses import Holder
from popflix.engine.registry import Registry, Unit
from popflix.engine.registry import registry as all_units
from popflix.engine.runner import RunOutcome
from popflix.engine.states import Kind, UnitStatus
from popflix.engine.status import UnitView, overview
from popflix.engine.threads import beside
from popflix.engine.watch import Watcher
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import StopRequest
from popflix.lib.errors import OperatorError
from popflix.lib.people import os_user

Params = Mapping[str, object] | None


class Ticking(Protocol):
    """What a manager needs of a watcher."""

    def tick(self) -> object: ...


def create_manager(
    *,
    registry: Registry | None = None,
    loop: Loop | None = None,
    watcher: Ticking | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Manager:
    """A manager of the site's units, or of those in `registry`; each part may be one's own."""
    return Manager(registry=registry, loop=loop, watcher=watcher, clock=clock)


class Manager(Listening):
    """Starts, stops and runs units; tells listeners of this process what happens.

    Its methods may be called from any thread. Those that use the database block, so in a
    coroutine await `arun_unit`, `arun_process` and `astop` instead.
    """

    def __init__(
        self,
        *,
        registry: Registry | None = None,
        loop: Loop | None = None,
        watcher: Ticking | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.registry = all_units if registry is None else registry
        self.clock = clock
        self._loop = loop or IntervalLoop(settings.POPFLIX_TICK_SECONDS)
        self._watcher = watcher or Watcher(registry=self.registry, clock=clock)
        self._pool = Pool(settings.POPFLIX_WORKERS, clock=clock, registry=self.registry)
        self._sources: dict[str, object] = {}  # of each unit, as it was given
        self._at_work: list[int] = []  # the threads that run a unit here
        self._changed = threading.Condition()

    # --- the engine ---------------------------------------------------------------------

    def start(self) -> None:
        """Watch, and take queued runs, in threads of this process; once, however often called."""
        self._pool.open()
        self._loop.start(self._step)

    def stop(self) -> None:
        """Start nothing more; return when all that is at work has handed over or ended."""
        self._loop.stop()
        self._pool.close()
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: all(each == me for each in self._at_work))
        current.wait_until_written()
        bus.wait_until_heard()

    async def astop(self) -> None:
        """`stop` for coroutines."""
        await beside(self.stop)

    def _step(self) -> None:
        self._watcher.tick()
        self._pool.fill()

    def stop_all(self, *, why: str = "stop_all", by: str = "") -> list[str]:
        """Pause every registered unit; returns those that this paused anew."""
        by, now = by or os_user(), self.clock.now()
        return [
            name
            for name in self.registry.names()
            if pauses.pause(name, by=by, why=why, now=now, holder=Holder.ALL)
        ]

    def start_all(self, *, force: bool = False, by: str = "") -> list[str]:
        """End the pauses of `stop_all`, with `force` those of operators and machines, too.

        Units that completed or failed are idle again. Returns the units whose pauses ended.
        """
        by, now = by or os_user(), self.clock.now()
        holders = None if force else [Holder.ALL.value]
        resumed = [
            name
            for name in self.registry.names()
            if pauses.resume(name, by=by, now=now, holders=holders, why="start_all")
        ]
        for unit in self.list_units():
            if unit.status in (UnitStatus.COMPLETED, UnitStatus.ERROR):
                tell(None, unit.name, Kind.RESET, now, payload={"by": by, "was": unit.status})
        return resumed

    # --- units --------------------------------------------------------------------------

    def register_unit(self, given: object) -> Unit:
        """Take a `Unit`, `{id, status, run}` or `{id, status, workers}`, or such an object.

        The workers of a process are names or the workers themselves; giving one of these again
        by itself changes nothing. The status `paused` pauses the unit. Raises OperatorError for
        a form that cannot be, and ValueError for a name that is malformed or taken.
        """
        form = forms.read(given)
        unit = self._register(form)
        for worker in form.workers:
            self._register(worker)
        return unit

    def _register(self, form: forms.Form) -> Unit:
        unit = form.unit
        known = self.registry.find(unit.name)
        is_same_worker = form.source is not None and self._sources.get(unit.name) == form.source
        if known is None or not (is_same_worker or known == unit):
            known = self.registry.register(unit)
            self._sources[unit.name] = form.source
        if form.is_paused:
            pauses.pause(unit.name, by=os_user(), why="registered as paused", now=self.clock.now())
        return known

    def release_unit(self, unit: str) -> Unit:
        """Forget the unit; its runs and events stay. Raises OperatorError for an unknown name."""
        released = self.registry.release(unit)
        self._sources.pop(unit, None)
        return released

    def list_units(self) -> list[UnitView]:
        """Every registered unit as an operator sees it."""
        return overview(self.registry, self.clock.now())

    # --- running ------------------------------------------------------------------------

    def run_unit(
        self,
        unit: str,
        params: Params = None,
        *,
        stop: StopLike | None = None,
        reporter: Reporter | None = None,
    ) -> RunOutcome:
        """Run a worker or a process here and now; return when it has ended.

        A worker runs in this thread; of a process the parallel workers run in threads of their
        own. Raises Paused, Busy and other OperatorErrors where it is refused, and what the body
        of a worker raises. How a process ended is in the outcome's `run`.
        """
        if current.in_event_loop():
            raise RuntimeError("run_unit blocks the event loop: await manager.arun_unit(…)")
        me = threading.get_ident()
        with self._changed:
            self._at_work.append(me)
        try:
            return run_here(
                unit,
                params or {},
                stop=StopRequest() if stop is None else stop,
                reporter=reporter,
                trigger="manager",
                clock=self.clock,
                registry=self.registry,
            )
        finally:
            bus.wait_until_heard()
            with self._changed:
                self._at_work.remove(me)
                self._changed.notify_all()

    def run_process(
        self,
        unit: str,
        params: Params = None,
        *,
        stop: StopLike | None = None,
        reporter: Reporter | None = None,
    ) -> RunOutcome:
        """`run_unit` of a process. Raises OperatorError for a worker."""
        if not self.registry.get(unit).is_process:
            raise OperatorError(f"{unit} is no process.", f"Run it as a unit: run_unit({unit!r}).")
        return self.run_unit(unit, params, stop=stop, reporter=reporter)

    async def arun_unit(self, unit: str, params: Params = None) -> RunOutcome:
        """`run_unit` for coroutines; cancelling the coroutine stops the run between two chunks."""
        stop = StopRequest()
        return await beside(self.run_unit, unit, params, stop=stop, interrupted=stop)

    async def arun_process(self, unit: str, params: Params = None) -> RunOutcome:
        """`run_process` for coroutines; cancelling it stops the workers between two chunks."""
        stop = StopRequest()
        return await beside(self.run_process, unit, params, stop=stop, interrupted=stop)

    def run_unit_by_id(
        self, unit: str, params: Params = None
    ) -> RunOutcome | Awaitable[RunOutcome]:
        """The seed's name: to be awaited where an event loop runs, else it returns the outcome."""
        run = self.arun_unit if current.in_event_loop() else self.run_unit
        return run(unit, params)

    def run_process_by_id(
        self, unit: str, params: Params = None
    ) -> RunOutcome | Awaitable[RunOutcome]:
        """The seed's name: to be awaited where an event loop runs, else it returns the outcome."""
        run = self.arun_process if current.in_event_loop() else self.run_process
        return run(unit, params)

    def enqueue(self, unit: str, params: Params = None, *, by: str = "") -> Run:
        """Leave the run to the queue: to `manage.py work` of any host, or to this manager once
        started. Raises OperatorError, Paused and Busy among it."""
        run = starting.enqueue(
            unit,
            params or {},
            trigger="manager",
            clock=self.clock,
            registry=self.registry,
            by=by or os_user(),
        )
        transaction.on_commit(self._pool.fill)
        return run
