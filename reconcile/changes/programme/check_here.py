"""The programme's check at the end of a command that reconciled: only where it is soon done."""

from __future__ import annotations

from collections.abc import Iterable

from popflix.engine.pauses import Paused
from popflix.engine.runner import run_in_foreground
from popflix.engine.slots import Busy
from popflix.lib.clock import Clock
from popflix.lib.command import StopRequest
from reconcile.changes.finding.scope import newest_load
from reconcile.changes.models import ProgrammeWarning
from reconcile.changes.programme.checking import UNIT
from reconcile.feed.models import Load

MOST_ROWS = 20_000  # staged of a load; a larger one is left to the process of the queue


def check_here(
    sources: Iterable[str], *, now: str | None, stop: StopRequest, clock: Clock
) -> int | None:
    """How many warnings the newest loads of these sources have; None: nobody looked yet."""
    names = list(sources)
    loads = _loads(names)
    if any(load.checked_at is None for load in loads):
        if stop or any(load.staged_count > MOST_ROWS for load in loads):
            return None
        try:
            run_in_foreground(UNIT, {"now": now}, stop=stop, clock=clock)
        except (Busy, Paused):
            return None
        loads = _loads(names)
    if any(load.checked_at is None for load in loads):
        return None
    return ProgrammeWarning.objects.filter(load_id__in=[load.pk for load in loads]).count()


def _loads(sources: Iterable[str]) -> list[Load]:
    return [load for load in map(newest_load, sources) if load is not None]
