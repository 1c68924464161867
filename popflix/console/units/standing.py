"""What a unit's badge says, wherever it stands. Pure but for the vocabulary."""

from __future__ import annotations

from popflix.console.pieces import vocabulary
from popflix.console.pieces.tones import State
from popflix.engine.states import Status, UnitStatus
from popflix.engine.unit_views import UnitView


def state_of(view: UnitView) -> State:
    """A unit at work says which kind of work: waiting is no running."""
    working = {run.status for run in view.active if run.is_working}
    if view.status == UnitStatus.RUNNING and working == {Status.WAITING}:
        return vocabulary.state("run", Status.WAITING)
    if view.active and not working and view.status != UnitStatus.PAUSED:
        return vocabulary.state("run", Status.QUEUED)
    return vocabulary.state("unit", view.status)
