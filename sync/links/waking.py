"""Having TMDB asked soon about titles that became due: by a run at work, or by a new one."""

from __future__ import annotations

from collections.abc import Sequence

from popflix.engine.models import Run
from popflix.engine.slots import Busy, active_keys
from popflix.engine.starting import enqueue
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import OperatorError
from sync.links import campaign
from sync.links.enrich import why_not_ready


def wake(*, by: str, tconsts: Sequence[str] = (), clock: Clock = SYSTEM_CLOCK) -> str:
    """Tell in a sentence who asks TMDB, or what keeps it from being asked.

    `tconsts` is what a new run asks about, everything that is due where it is empty. A run at
    work takes what an operator wants before all else: it needs no company.
    """
    unready = why_not_ready()
    if unready:
        return f"TMDB is not asked yet: {unready}"
    at_work = Run.objects.filter(active_keys(campaign.UNIT)).order_by("pk").first()
    if at_work is not None and not _asks_about_few(at_work):
        return f"Run {at_work.pk} asks TMDB."
    params = {"imdb_ids": list(tconsts)} if tconsts else {}
    try:
        run = enqueue(campaign.UNIT, params, trigger="admin", by=by, clock=clock)
    except Busy as busy:
        return f"Runs {', '.join(str(each.pk) for each in busy.holders)} ask TMDB."
    except OperatorError as held:
        return f"TMDB is not asked yet: {held.cause} {held.cure}"
    return f"Run {run.pk} asks TMDB."


def _asks_about_few(run: Run) -> bool:
    """It was started for some titles alone, or for a number of them, and takes no others."""
    return bool(run.params.get("imdb_ids") or run.params.get("limit"))
