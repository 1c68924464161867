"""Random lives of runs: every operation there is, in any order, from fresh and stale rows."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from django_q.models import OrmQ
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from popflix.engine import cancelling, fence, pauses, recovery, runs, starting
from popflix.engine.creating import Order
from popflix.engine.delivery import deliver_again
from popflix.engine.fence import FenceLost
from popflix.engine.models import Event, Pause, Run, RunStatus
from popflix.engine.models.pauses import Holder
from popflix.engine.registry import Mode, Registry, Unit
from popflix.engine.retry import RetryPolicy
from popflix.engine.states import FAILED, TERMINAL, IllegalTransition, fold, fold_pauses
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import FakeClock

WORKERS = ["solo", "pair", "wide"]
PROCESSES = ["both", "steps", "twice"]
UNITS = [*WORKERS, *PROCESSES]
any_unit = st.sampled_from(UNITS)
a_worker = st.sampled_from(WORKERS)
any_number = st.integers(min_value=0, max_value=7)


def nothing(ctx: object) -> None:
    """Nobody performs these runs: the machine does what a body could."""


def units() -> Registry:
    made = Registry()
    again = RetryPolicy(attempts=3, base_seconds=20, crashes=2)
    made.register(Unit("solo", nothing, retry=again))
    made.register(Unit("pair", nothing, 2))
    made.register(Unit("wide", nothing, 3, mode=Mode.SPREAD, retry=again))
    made.register(Unit("both", None, mode=Mode.PARALLEL, workers=["solo", "pair", "wide"]))
    made.register(Unit("steps", None, mode=Mode.SEQUENTIAL, workers=["pair", "solo", "pair"]))
    made.register(Unit("twice", None, mode=Mode.PARALLEL, workers=["solo", "solo"]))
    return made


class Life(RuleBasedStateMachine):
    """`held` are the claims that simulated processes have or once had."""

    def __init__(self) -> None:
        super().__init__()
        self.clear()
        self.clock, self.registry = FakeClock(), units()
        self.held: list[Run] = []

    @staticmethod
    def clear() -> None:
        for model in (Event, Pause, OrmQ):
            model.objects.all().delete()
        Run.objects.update(parent=None, retry_of=None)
        Run.objects.all().delete()

    # --- what persons and schedules do ----------------------------------------------------

    @rule(unit=any_unit, trigger=st.sampled_from(["admin", "manager"]))
    def enqueue(self, unit: str, trigger: str) -> None:
        with contextlib.suppress(OperatorError):
            starting.enqueue(unit, {}, trigger=trigger, clock=self.clock, registry=self.registry)

    @rule(unit=any_unit, on_queue=st.booleans(), schedule=st.integers(0, 1))
    def start_or_wait(self, unit: str, on_queue: bool, schedule: int) -> None:
        wanted = self.registry.get(unit)
        waits_as = f"schedule-{schedule}"
        order = Order(wanted, {}, "schedule", on_queue=on_queue, waits_as=waits_as)
        with contextlib.suppress(OperatorError):
            starting.start(order, self.clock.now(), self.registry)

    @rule(unit=a_worker, status=st.sampled_from([RunStatus.QUEUED, RunStatus.RUNNING]))
    def in_foreground(self, unit: str, status: str) -> None:
        more: dict[str, Any] = {"clock": self.clock, "registry": self.registry}
        with contextlib.suppress(OperatorError):
            self.held.append(runs.create_run(unit, {}, trigger="command", status=status, **more))

    @rule(n=any_number)
    def cancel(self, n: int) -> None:
        if run := self.pick(n):
            cancelling.cancel(run.pk, by="x", clock=self.clock, registry=self.registry)

    @rule(n=any_number)
    def retry(self, n: int) -> None:
        if run := self.pick(n, status__in=FAILED):
            with contextlib.suppress(OperatorError):
                starting.retry(run.pk, by="x", clock=self.clock, registry=self.registry)

    @rule(unit=any_unit, holder=st.sampled_from(list(Holder)), ends=st.integers(0, 2))
    def pause_or_resume(self, unit: str, holder: str, ends: int) -> None:
        now = self.clock.now()
        if ends:
            pauses.resume(unit, by="x", now=now, holders=[holder] if ends == 1 else None)
        else:
            pauses.pause(unit, by="x", why="so", now=now, holder=holder)

    @rule(act=st.sampled_from(["stop_all", "start_all", "start_all by force"]))
    def all_at_once(self, act: str) -> None:
        for unit in UNITS:
            if act == "stop_all":
                pauses.pause(unit, by="x", why="all", now=self.clock.now(), holder=Holder.ALL)
            else:
                holders = [Holder.ALL] if act == "start_all" else None
                pauses.resume(unit, by="x", now=self.clock.now(), holders=holders)

    @rule(seconds=st.sampled_from([1, 17, 31, 700]))
    def time_passes(self, seconds: float) -> None:
        self.clock(seconds)

    # --- what workers and watchers do -----------------------------------------------------

    @rule(n=any_number)
    def deliver(self, n: int) -> None:
        """Wanted, repeated, late or too early."""
        if run := self.pick(n, mode=""):
            self.claim(run)

    @rule(n=any_number)
    def deliver_what_is_nobodys(self, n: int) -> None:
        if run := self.pick(n, mode="", status__in=["queued", "waiting"]):
            deliver_again(run, self.clock.now())
            self.claim(run)

    @rule(n=any_number, status=st.sampled_from(["completed", "completed", "error"]))
    def perform(self, n: int, status: str) -> None:
        """From the claim to the end: so that processes come forward."""
        if (run := self.pick(n, mode="", status="queued")) and self.claim(run):
            self.end(self.held[-1], status)

    @rule(n=any_number)
    def find_dead(self, n: int) -> None:
        if run := self.pick(n, pid__isnull=False):
            recovery.deal_with(run, "gone", clock=self.clock, registry=self.registry)

    @rule(n=any_number)
    def look_after_parents(self, n: int) -> None:
        if run := self.pick(n, mode__gt=""):
            runs.settle(run.pk, self.clock.now())
            if run.slot is None and run.mode != Mode.SPREAD:
                with contextlib.suppress(OperatorError):
                    starting.begin(run, self.registry, self.clock.now())

    @precondition(lambda self: self.held)
    @rule(n=any_number, status=st.sampled_from(["completed", "error", "final", "lost"]))
    def finish(self, n: int, status: str) -> None:
        run = self.held[-1 - n % len(self.held)]
        self.refused_leaves_no_trace(run, lambda: self.end(run, status))

    @precondition(lambda self: self.held)
    @rule(
        n=any_number, at=st.sampled_from(["now", "later", "resumption", "here", "end", "commit"])
    )
    def work_or_wait(self, n: int, at: str) -> None:
        run = self.held[-1 - n % len(self.held)]
        self.refused_leaves_no_trace(run, lambda: self.wait(run, at))

    def refused_leaves_no_trace(self, run: Run, act: Callable[[], object]) -> None:
        stored = Run.objects.filter(pk=run.pk).values()
        before = (run.status, stored.get())
        try:
            act()
        except (FenceLost, IllegalTransition):
            assert before == (run.status, stored.get())

    def wait(self, run: Run, at: str) -> None:
        now = self.clock.now()
        soon = now + dt.timedelta(seconds=20)
        if at == "commit":
            fence.advance(run.pk, run.fence, now=now, done=1, ok=1)
        elif run.dispatched_at is None and at == "end":
            runs.resume(run, clock=self.clock)
        elif run.dispatched_at is None:
            runs.park(run, soon, "x", clock=self.clock, in_process=True)
        else:
            until = {"now": now, "resumption": None}.get(at, soon)
            runs.park(run, until, "x", clock=self.clock)

    def end(self, run: Run, status: str) -> None:
        more: dict[str, Any] = {"clock": self.clock, "registry": self.registry}
        if status == "lost":
            runs.mark_lost(run, "x", **more)
        elif status == "completed":
            runs.finish(run, status, **more)
        else:
            may = status != "final"
            runs.finish(run, "error", error="x", may_retry=may, random01=lambda: 0.5, **more)

    def claim(self, run: Run) -> bool:
        claimed = runs.claim_run(run.pk, clock=self.clock, registry=self.registry)
        self.held += [claimed] if claimed is not None else []
        return claimed is not None

    def pick(self, n: int, **only: object) -> Run | None:
        """One of these runs, of the active ones if nothing is said, as it is stored."""
        if "status__in" not in only:
            only["active_key__isnull"] = False
        found = list(Run.objects.filter(**only).order_by("-pk"))
        return found[n % len(found)] if found else None

    # --- what holds after each step -------------------------------------------------------

    @invariant()
    def every_run_is_what_its_events_say(self) -> None:
        told: dict[int, list[str]] = {}
        for run_id, kind in (
            Event.objects.exclude(run=None).order_by("pk").values_list("run_id", "kind")
        ):
            told.setdefault(run_id, []).append(kind)
        self.all = list(Run.objects.order_by("pk"))
        for run in self.all:
            assert fold(told[run.pk]) == run.status, (run, told[run.pk])
            assert (run.active_key is None) == (run.status in TERMINAL), run
            assert (run.finished_at is None) == (run.status not in TERMINAL), run

    @invariant()
    def no_unit_has_more_runs_than_slots(self) -> None:
        keys = [run.active_key for run in self.all if run.active_key]
        assert len(keys) == len(set(keys))
        for run in self.all:
            if run.active_key and run.slot is not None:
                assert run.active_key == f"{run.unit}:{run.slot}"
                assert run.slot < self.registry.get(run.unit).slots
            if run.status == RunStatus.RUNNING and not run.mode:
                assert run.slot is not None
                assert run.pid is not None

    @invariant()
    def a_pause_is_what_its_events_say(self) -> None:
        rows = Event.objects.filter(run=None, kind__in=["pause", "resume"]).order_by("pk")
        told = list(rows.values_list("unit", "kind", "payload"))
        stored = set(Pause.objects.values_list("unit", "holder"))
        for unit in UNITS:
            holders = fold_pauses(
                (kind, payload["holder"]) for of, kind, payload in told if of == unit
            )
            assert {(unit, holder) for holder in holders} == {
                pair for pair in stored if pair[0] == unit
            }

    @invariant()
    def parents_and_children_agree(self) -> None:
        for parent in (run for run in self.all if run.mode):
            children = [run for run in self.all if run.parent_id == parent.pk]
            active = [run for run in children if run.active_key]
            begun = parent.slot is not None or parent.mode == Mode.SPREAD
            if parent.status in TERMINAL:
                assert not active, parent
            elif begun:
                assert active, f"{parent} is open and nobody works for it"
            if parent.status == RunStatus.COMPLETED and parent.mode != Mode.SPREAD:
                assert parent.ok_count == parent.total_count

    # --- and in the end ---------------------------------------------------------------------

    def teardown(self) -> None:
        """Nothing is lost: once all pauses are over, everything comes to its end."""
        for unit in UNITS:
            pauses.resume(unit, by="x", now=self.clock.now())
        for _ in range(60):
            self.clock(3700)
            if not any(list(self._help_along())):
                break
        left = Run.objects.exclude(active_key=None)
        assert not left, [(run, run.status, run.active_key) for run in left]
        self.every_run_is_what_its_events_say()
        self.parents_and_children_agree()
        self.clear()

    def _help_along(self) -> Iterator[bool]:
        for run in Run.objects.exclude(active_key=None).order_by("pk"):
            yield True
            if run.mode:
                if run.slot is None and run.mode != Mode.SPREAD:
                    starting.begin(run, self.registry, self.clock.now())
            elif run.status in (RunStatus.RUNNING, RunStatus.WAITING) and run.pid:
                recovery.deal_with(run, "gone", clock=self.clock, registry=self.registry)
            elif got := runs.claim_run(run.pk, clock=self.clock, registry=self.registry):
                runs.finish(got, "completed", clock=self.clock, registry=self.registry)
