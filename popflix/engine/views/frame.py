"""Everything `top` shows at one moment, and what two moments tell about the pace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from popflix.engine import status
from popflix.engine.models import Event
from popflix.engine.registry import Registry
from popflix.engine.unit_views import ActiveRun, SupervisorView, UnitView, as_json
from popflix.engine.views import events as event_lines
from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError
from popflix.lib.limiter.survey import BucketView, survey

EVENTS_SHOWN = 8
WINDOW_SECONDS = 15.0  # over which a rate is taken: chunks are committed every few seconds


@dataclass(frozen=True)
class Pace:
    """Of one run; None where it cannot be told."""

    rate: float | None = None  # done per second
    left_seconds: float | None = None


@dataclass(frozen=True)
class Frame:
    """One moment. `seconds` is on the monotonic clock; `paces` by number of the run."""

    at: dt.datetime
    seconds: float
    units: Sequence[UnitView]
    supervisors: Sequence[SupervisorView]
    buckets: Sequence[BucketView]
    events: Sequence[Event]  # the newest last
    warnings: Sequence[str] = ()
    paces: Mapping[int, Pace] = field(default_factory=dict)

    def pace(self, run: ActiveRun) -> Pace:
        return self.paces.get(run.id, Pace())

    def as_json(self) -> dict[str, object]:
        return {
            "at": self.at.isoformat(),
            "units": [self._unit(unit) for unit in self.units],
            "supervisors": [as_json(each) for each in self.supervisors],
            "buckets": [asdict(each) for each in self.buckets],
            "events": [event_lines.as_json(event) for event in self.events],
            "warnings": list(self.warnings),
        }

    def _unit(self, unit: UnitView) -> dict[str, object]:
        runs = [as_json(run) | asdict(self.pace(run)) for run in unit.active]
        return as_json(unit) | {"active": runs}


def look(registry: Registry, clock: Clock) -> Frame:
    """Read one frame, in a fixed number of queries."""
    now, warnings = clock.now(), []
    found = status.supervisors(now)
    if nobody := status.nobody_works(found):
        warnings.append(nobody)
    try:
        buckets = survey()
    except OperatorError as error:
        buckets = []
        warnings.append(f"{error.cause} {error.cure}")
    newest = list(Event.objects.order_by("-pk")[:EVENTS_SHOWN])
    return Frame(
        at=now,
        seconds=clock.monotonic(),
        units=status.overview(registry, now),
        supervisors=found,
        buckets=buckets,
        events=newest[::-1],
        warnings=warnings,
    )


class Pacer:
    """Keeps the last frames and tells each run's rate from the oldest of them that knows it."""

    def __init__(self) -> None:
        self._before: list[Frame] = []

    def paced(self, frame: Frame) -> Frame:
        """The frame with the paces of its runs."""
        earliest = frame.seconds - WINDOW_SECONDS
        self._before = [each for each in self._before if each.seconds >= earliest]
        paces = {
            run.id: _pace(run, self._rate(run, frame))
            for unit in frame.units
            for run in unit.active
            if run.is_working
        }
        self._before.append(frame)
        return replace(frame, paces=paces)

    def _rate(self, run: ActiveRun, frame: Frame) -> float | None:
        for before in self._before:
            done = _done(before, run)
            if done is not None and frame.seconds > before.seconds:
                return max(0.0, (run.done_count - done) / (frame.seconds - before.seconds))
        # Seen for the first time: all we know is how it went since its start.
        if run.started_at is None or frame.at <= run.started_at:
            return None
        return run.done_count / (frame.at - run.started_at).total_seconds()


def _done(frame: Frame, run: ActiveRun) -> int | None:
    unit = next((each for each in frame.units if each.name == run.unit), None)
    if unit is None:
        return None
    return next((each.done_count for each in unit.active if each.id == run.id), None)


def _pace(run: ActiveRun, rate: float | None) -> Pace:
    if rate is None:
        return Pace()
    if not rate or run.total_count is None:
        return Pace(rate)
    return Pace(rate, max(0, run.total_count - run.done_count) / rate)
