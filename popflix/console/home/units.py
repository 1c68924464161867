"""The units as rows of a card: what each is doing, how fast, and what may be done about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from popflix.console.home import pace
from popflix.console.home.rates import allowed_rates, rates
from popflix.console.pieces.tones import State
from popflix.console.units.standing import state_of
from popflix.engine import status
from popflix.engine.registry import Unit, registry
from popflix.engine.states import Status, UnitStatus
from popflix.engine.unit_views import ActiveRun, UnitView
from popflix.engine.views.words import cut
from popflix.lib.limiter.survey import BucketView

_TOLD = 110  # characters of a reason
_ROOM = 8  # units that are seen at once beside what needs a person


@dataclass(frozen=True)
class Row:
    """`run` is the one whose progress is shown, with how many `more` there are beside it.

    `why` is what holds the unit up or what went wrong last; `may` the actions on offer.
    """

    view: UnitView
    state: State
    run: ActiveRun | None
    more: int
    why: str
    rate: str
    allowed: str
    left: str
    may: frozenset[str]


def data(request: HttpRequest, now: dt.datetime) -> Mapping[str, Any]:
    views = sorted(status.overview(registry, now), key=lambda view: _unit(view).is_housekeeping)
    paces, allowed = rates(views, now), allowed_rates()
    aside = [view for view in views if _is_aside(view)] if len(views) > _ROOM else []
    shown = [view for view in views if view not in aside]
    return {
        "rows": [_row(view, paces, allowed, _permitted(request)) for view in shown],
        "at_rest": aside,
    }


def _unit(view: UnitView) -> Unit:
    return registry.get(view.name)


def _is_aside(view: UnitView) -> bool:
    """Housekeeping at rest is one line for all, where there is no room for rows."""
    at_rest = view.status in (UnitStatus.IDLE, UnitStatus.COMPLETED) and not view.active
    return _unit(view).is_housekeeping and at_rest and not view.schedule_error


def _permitted(request: HttpRequest) -> frozenset[str]:
    """Verbs that this account may do; to *ask* is to run with what a form asks for."""
    needed = {"engine.run_unit": ("run", "ask"), "engine.pause_unit": ("pause", "resume")}
    found = [verbs for name, verbs in needed.items() if request.user.has_perm(name)]
    return frozenset(verb for verbs in found for verb in verbs)


def _row(
    view: UnitView,
    paces: Mapping[int, float],
    allowed: Mapping[str, BucketView],
    permitted: frozenset[str],
) -> Row:
    roots = _roots(view.active)
    run = roots[0] if roots else None
    mine = [paces[each.id] for each in view.active if each.id in paces]
    rate = sum(mine) if mine else None
    left = pace.left_seconds(run.done_count, run.total_count, rate) if run else None
    bucket = allowed.get(_unit(view).bucket)
    return Row(
        view=view,
        state=state_of(view),
        run=run,
        more=len(roots) - 1,
        why=cut(_why(view, run), _TOLD),
        rate="" if rate is None else pace.rate_words(rate),
        allowed=pace.rate_words(bucket.rate) if bucket and rate is not None else "",
        left=pace.left_words(left),
        may=_offered(view) & permitted,
    )


def _roots(active: Sequence[ActiveRun]) -> list[ActiveRun]:
    """Runs that belong to no other one of the unit; those at work first."""
    known = {run.id for run in active}
    roots = [run for run in active if run.parent_id not in known]
    return sorted(roots, key=lambda run: (not run.is_working, run.id))


def _why(view: UnitView, run: ActiveRun | None) -> str:
    if view.pauses:
        first = view.pauses[0]
        return f"by {first.by}: {first.why}"
    if run is not None:
        return run.wait_reason if run.status == Status.WAITING else ""
    if view.schedule_error:
        return view.schedule_error
    if view.status == UnitStatus.ERROR and view.last is not None:
        return view.last.error
    return view.not_ready


def _offered(view: UnitView) -> frozenset[str]:
    if view.status == UnitStatus.PAUSED:
        return frozenset({"resume"})
    if view.active:
        return frozenset({"pause"})
    return frozenset({"run" if _starts_by_a_click(_unit(view)) else "ask", "pause"})


def _starts_by_a_click(unit: Unit) -> bool:
    """As its timetable does, without a form: what it takes by default is enough."""
    if unit.timetable is None:
        return False
    try:
        unit.clean_params({})
    except Exception:
        return False
    return True
