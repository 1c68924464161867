"""Hand-written stand-ins: a clock that moves when somebody sleeps, a stop, an upstream."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

from popflix.engine import registry
from popflix.engine.context import RunContext, StopReason
from popflix.engine.pipeline import Counts
from popflix.engine.registry import Body, CleanParams, Unit
from popflix.lib.http import UpstreamError

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


class FakeClock:
    """Moves only when somebody sleeps or a test says so."""

    def __init__(self, now: dt.datetime = NOON) -> None:
        self._start, self._elapsed = now, 0.0

    def now(self) -> dt.datetime:
        return self._start + dt.timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        self._elapsed += max(seconds, 0.0)

    def __call__(self, seconds: float) -> None:
        """`clock(5)`: five seconds pass."""
        self.sleep(seconds)


class FakeStop:
    """A StopRequest whose waits pass on the fake clock."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.signal_number: int | None = None

    def __bool__(self) -> bool:
        return self.signal_number is not None

    def wait(self, seconds: float) -> bool:
        self._clock.sleep(seconds)
        return bool(self)

    def ask(self, signal_number: int) -> None:
        self.signal_number = signal_number


class FakeReporter:
    def __init__(self) -> None:
        self.shown: list[tuple[int, int | None]] = []
        self.notes: list[str] = []

    def progress(self, done: int, total: int | None) -> None:
        self.shown.append((done, total))

    def note(self, text: str) -> None:
        self.notes.append(text)


class FakeContext:
    """What a pipeline needs of a RunContext, without a database."""

    run_id, fence = 1, 1

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.stop_reason: StopReason | None = None

    def should_stop(self) -> bool:
        return self.stop_reason is not None

    def pause(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        self.clock.sleep(seconds)
        return not self.should_stop()

    @classmethod
    def make(cls) -> RunContext:
        return cast(RunContext, cls())


Outcome = str | BaseException
Script = Mapping[str, Sequence[Outcome]]


class MemorySource:
    """Items with a script: what each fetch of them brings. Afterwards it brings "ok".

    Checks on the way that the pipeline never holds more than it may.
    """

    def __init__(self, items: Sequence[str], script: Script | None = None) -> None:
        self.waiting = list(items)
        self.script = {item: list(outcomes) for item, outcomes in (script or {}).items()}
        self.fetched: Counter[str] = Counter()
        self.settled: list[tuple[str, str | UpstreamError]] = []
        self.returned: list[tuple[str, float, str]] = []
        self.renewed: list[str] = []
        self.claims: list[int] = []
        self.batches: list[int] = []
        self.most_held = self.most_at_once = self._held = self._at_once = 0
        self.while_fetching: Callable[[str], None] = lambda item: None
        self._lock = threading.Lock()

    def claim(self, limit: int) -> list[str]:
        self.claims.append(limit)
        got, self.waiting = self.waiting[:limit], self.waiting[limit:]
        self._held += len(got)
        self.most_held = max(self.most_held, self._held)
        return got

    def fetch(self, item: str) -> str:
        with self._lock:
            self.fetched[item] += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            outcomes = self.script.get(item)
            outcome = outcomes.pop(0) if outcomes else "ok"
        try:
            self.while_fetching(item)
        finally:
            with self._lock:
                self._at_once -= 1
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def settle(
        self, ctx: RunContext, results: Sequence[tuple[str, str | UpstreamError]]
    ) -> Counts:
        self.settled += results
        self.batches.append(len(results))
        self._held -= len(results)
        ok = sum(isinstance(outcome, str) for _, outcome in results)
        return Counts(done=len(results), ok=ok, failed=len(results) - ok)

    def give_back(
        self, ctx: RunContext, items: Sequence[str], *, due_in_seconds: float, why: str
    ) -> None:
        self.returned += [(item, due_in_seconds, why) for item in items]
        self._held -= len(items)

    def renew(self, items: Sequence[str]) -> None:
        self.renewed += items

    def settled_items(self) -> list[str]:
        return sorted(item for item, _ in self.settled)

    def returned_items(self) -> list[str]:
        return sorted(item for item, _, _ in self.returned)


@contextmanager
def registered(
    body: Body, name: str = "demo", *, slots: int = 1, clean_params: CleanParams = dict
) -> Iterator[Unit]:
    """A unit that exists for the length of a test."""
    made = registry.registry.register(Unit(name, body, slots, clean_params=clean_params))
    try:
        yield made
    finally:
        registry.registry.release(name)
