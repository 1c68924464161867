"""Workers of a film day, and the processes they make."""

from __future__ import annotations

from collections.abc import Sequence

from popflix.engine import runs, starting
from popflix.engine.context import RunContext
from popflix.engine.models import Run
from popflix.engine.registry import Mode, Params, Registry, Unit
from popflix.engine.retry import RetryPolicy
from popflix.engine.runner import execute
from popflix.engine.states import TERMINAL
from tests.popflix.engine.fakes import FakeClock


class Crew:
    """A registry whose workers fail where the test says so, and what they did."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.registry = clock, Registry()
        self.fails: dict[str, BaseException] = {}
        self.did: list[str] = []

    def worker(self, name: str, slots: int = 1, retry: RetryPolicy | None = None) -> None:
        def body(ctx: RunContext) -> None:
            self.did.append(name)
            if name in self.fails:
                raise self.fails[name]
            with ctx.commit(done=2, ok=2):
                pass

        policy = retry or RetryPolicy()
        self.registry.register(Unit(name, body, slots, retry=policy))

    def process(self, mode: Mode, workers: Sequence[str]) -> Run:
        self.registry.register(Unit("film-day", None, mode=mode, workers=workers))
        return self.enqueue("film-day")

    def enqueue(self, unit: str, params: Params | None = None) -> Run:
        trigger = "admin"
        return starting.enqueue(
            unit, params or {}, trigger=trigger, clock=self.clock, registry=self.registry
        )

    def work(self) -> None:
        """Take every delivery there is until nothing happens any more."""
        waiting = Run.objects.exclude(status__in=TERMINAL).filter(mode="")
        while sum(execute(run.pk, clock=self.clock, registry=self.registry) for run in waiting):
            waiting = waiting.all()

    def claim(self, child: Run) -> Run:
        claimed = runs.claim_run(child.pk, clock=self.clock, registry=self.registry)
        assert claimed is not None
        return claimed


def again(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def children(parent: Run) -> list[Run]:
    return list(Run.objects.filter(parent=parent).order_by("pk"))


def figures(parent: Run) -> tuple[int, int, int, int | None]:
    run = again(parent)
    return run.done_count, run.ok_count, run.failed_count, run.total_count
