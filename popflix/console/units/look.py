"""What the pages of units show: a fixed number of queries, whatever has run."""

from __future__ import annotations

import datetime as dt
import inspect
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from popflix.console.pieces.moments import lasted
from popflix.console.pieces.tones import State
from popflix.console.units import words
from popflix.console.units.standing import state_of
from popflix.engine import status
from popflix.engine.deadletters import sources
from popflix.engine.models import Pause, Run
from popflix.engine.registry import Mode, Registry, Unit, registry
from popflix.engine.unit_views import UnitView
from popflix.engine.views.words import cut
from popflix.lib.errors import OperatorError
from popflix.lib.tally import told

RUNS_SHOWN = 20
_CUT = 100
_MOST_LETTERS = 1000  # that are counted
_NOT_FOR_LISTS = ("params", "result")  # may be large


@dataclass(frozen=True)
class Line:
    """A unit in the list of units."""

    view: UnitView
    does: str
    state: State
    why: str  # what holds it up, or what went wrong last
    can_start: bool  # by one click, as its timetable does; else it is asked how


@dataclass(frozen=True)
class Past:
    """A run in the history of its unit."""

    run: Run
    took: str
    done: str
    failed: str
    why: str


def lines(now: dt.datetime) -> list[Line]:
    return [_line(registry.get(view.name), view) for view in status.overview(registry, now)]


def _line(unit: Unit, view: UnitView) -> Line:
    can_start = unit.timetable is not None and view.slots_taken < view.slots
    return Line(view, does(unit), state_of(view), _why(view), can_start)


def _why(view: UnitView) -> str:
    if view.pauses:
        return "; ".join(f"By {each.by}: {each.why}" for each in view.pauses)
    waits = [run.wait_reason for run in view.active if run.wait_reason]
    if waits:
        return cut(waits[0], _CUT)
    if view.schedule_error:
        return cut(f"Its schedule cannot fire: {view.schedule_error}", _CUT)
    if view.last and view.status == "error":
        return cut(view.last.error, _CUT)
    return f"Not ready: {view.not_ready}" if view.not_ready else ""


def one(unit: Unit, now: dt.datetime) -> UnitView:
    alone = Registry()
    alone.register(unit)
    return status.overview(alone, now)[0]


def does(unit: Unit) -> str:
    """The first line of what its body says of itself."""
    if unit.is_process:
        return words.work_of(unit.workers, unit.mode)
    return (inspect.getdoc(unit.body) or "").partition("\n")[0]


def pauses(unit: Unit) -> list[Pause]:
    return list(Pause.objects.filter(unit=unit.name).order_by("at"))


def history(unit: Unit) -> list[Past]:
    """The newest runs that have ended; the shares of a spread run stand on that run's page."""
    runs = Run.objects.filter(unit=unit.name, finished_at__isnull=False).order_by("-pk")
    if unit.mode == Mode.SPREAD:
        runs = runs.exclude(parent__unit=unit.name)
    newest = runs.defer(*_NOT_FOR_LISTS)[:RUNS_SHOWN]
    return [
        Past(run, _took(run), f"{run.done_count:,}", f"{run.failed_count:,}", cut(run.error, _CUT))
        for run in newest
    ]


def _took(run: Run) -> str:
    return lasted(_seconds(run)) if run.started_at else ""


def _seconds(run: Run) -> float:
    if run.started_at is None or run.finished_at is None:
        return 0.0
    return (run.finished_at - run.started_at).total_seconds()


def charts(past: Sequence[Past]) -> dict[str, Any]:
    """The oldest first: how much each one did, and how long it took."""
    ended = [each.run for each in reversed(past) if each.run.started_at]
    return {
        "done": [_done(run) for run in ended],
        "seconds": [(f"#{run.pk}", round(_seconds(run), 1)) for run in ended],
    }


def _done(run: Run) -> tuple[str, float, float]:
    return f"#{run.pk}", max(run.done_count - run.failed_count, 0), run.failed_count


def letters(unit: Unit) -> str:
    """How many of its dead letters there are, of all sources that may have some; empty of none."""
    mine = [each for each in sources.registered() if each.unit in ("", unit.name)]
    seen = [each.glance(most=_MOST_LETTERS + 1, unit=unit.name).total() for each in mine]
    return told(sum(seen), _MOST_LETTERS) if any(seen) else ""


def known_params(unit: Unit) -> Mapping[str, Any]:
    """What the unit makes of no parameters: their names, or what it cannot do without."""
    try:
        return {"names": words.known_params(unit.clean_params({}))}
    except OperatorError as error:
        return {"needs": f"{error.cause} {error.cure}"}
    except Exception:  # it will say what is wrong when it is given some
        return {}


def fingerprint(*seen: object) -> str:
    """Short, and another one as soon as something of it is another."""
    return f"{zlib.crc32(repr(seen).encode()):08x}"


def partners(unit: Unit) -> list[str]:
    """The processes of which it is a worker."""
    return [each.name for each in registry.units() if unit.name in each.workers]
