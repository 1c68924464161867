"""What the page of a run reads, each kind of row in one query, however many there are."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from popflix.console.runs.facts import named
from popflix.console.runs.pace import Mark, together
from popflix.engine.models import Event, Run, RunLog, RunSample
from popflix.engine.registry import Mode, registry
from popflix.engine.states import TERMINAL, Kind
from popflix.lib.errors import OperatorError
from popflix.lib.limiter.survey import survey
from popflix.lib.models import AuditEntry

_EVENTS, _CHILDREN, _SAMPLES, _RETRIES, _ENTRIES = 500, 100, 2000, 20, 20
_NOT_NEEDED = ("parent__params", "parent__result", "retry_of__params", "retry_of__result")


@dataclass(frozen=True)
class Look:
    """A run as it stands; `events` the newest first, of a long run not all of them."""

    run: Run
    children: Sequence[Run]
    events: Sequence[Event]
    marks: Sequence[Mark]
    log: RunLog | None
    now: dt.datetime

    @property
    def is_over(self) -> bool:
        return self.run.status in TERMINAL

    @property
    def done(self) -> int:
        """A spread run counts a child when it ends; what the active ones did is added."""
        return self.run.done_count + sum(child.done_count for child in self._active_shares())

    @property
    def ok(self) -> int:
        return self.run.ok_count + sum(child.ok_count for child in self._active_shares())

    @property
    def failed(self) -> int:
        return self.run.failed_count + sum(child.failed_count for child in self._active_shares())

    @property
    def counts_workers(self) -> bool:
        """What is counted are the workers of a process."""
        return self.run.mode in (Mode.PARALLEL, Mode.SEQUENTIAL)

    def _active_shares(self) -> list[Run]:
        if self.run.mode != Mode.SPREAD:
            return []
        return [child for child in self.children if child.status not in TERMINAL]

    @property
    def seen(self) -> str:
        """Changes with what the slow parts of the page show."""
        newest = self.events[0].pk if self.events else 0
        stored = self.log.at.timestamp() if self.log else 0
        asked = "c" if self.run.cancel_requested_at else ""
        return f"{newest}.{stored:.0f}.{self.run.status}{asked}"


def find(run_id: int) -> Run | None:
    near = Run.objects.select_related("parent", "retry_of__retry_of__retry_of", "log")
    run = near.defer(*_NOT_NEEDED).filter(pk=run_id).first()
    if run is not None:  # its columns take any JSON
        run.params, run.result = dict(named(run.params)), dict(named(run.result))
    return run


def look(run: Run, now: dt.datetime) -> Look:
    children = list(run.children.order_by("-pk").defer("params", "result")[:_CHILDREN])[::-1]
    events = list(run.events.order_by("-pk")[:_EVENTS])
    return Look(run, children, events, _marks(run, children), getattr(run, "log", None), now)


def _marks(run: Run, children: Sequence[Run]) -> list[Mark]:
    """Of a spread run those of its shares together; the steps of a process count other things."""
    of_each: dict[int, list[Mark]] = defaultdict(list)
    runs = [run, *children] if run.mode == Mode.SPREAD else [run]
    for each in runs:
        if each.started_at is not None and not each.mode:
            of_each[each.pk].append(Mark(each.started_at, 0))
    kept = RunSample.objects.filter(run_id__in=[each.pk for each in runs]).order_by("-pk")
    newest = list(kept.values_list("run_id", "at", "done_count")[:_SAMPLES])
    for run_id, at, done in reversed(newest):
        of_each[run_id].append(Mark(at, done))
    return together(of_each)


def first_event(run: Run) -> Event | None:
    return run.events.filter(kind=Kind.QUEUED).order_by("pk").first()


def earlier_attempts(run: Run) -> list[Run]:
    """The oldest first; of a long chain the last three."""
    found: list[Run] = []
    while len(found) < 3 and run.retry_of is not None:
        run = run.retry_of
        found.append(run)
    return found[::-1]


def retries(run: Run) -> list[Run]:
    return list(run.retries.order_by("pk").defer("params", "result")[:_RETRIES])


def entries(run: Run) -> list[AuditEntry]:
    """What people did about this run."""
    about = AuditEntry.objects.filter(target=f"{run.unit} run {run.pk}").order_by("-pk")
    return list(about[:_ENTRIES])


def allowed_rate(unit: str) -> float | None:
    """Per second, of the bucket that the unit's work goes through."""
    known = registry.find(unit)
    if known is None or not known.bucket:
        return None
    try:
        found = {bucket.name: bucket.allowed_rate for bucket in survey()}
    except OperatorError:  # home says so
        return None
    return found.get(known.bucket)
