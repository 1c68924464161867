"""The units of this app: what the engine can run by name."""

from __future__ import annotations

from collections.abc import Mapping

from popflix.engine.context import RunContext
from popflix.engine.leases import on_run_lost
from popflix.engine.models import Run
from popflix.engine.registry import Mode, Timetable, process, unit
from popflix.engine.retry import RetryPolicy
from reconcile.changes import run as reconciling
from reconcile.changes import wish as reconcile_wish
from reconcile.feed import feeds, lease, load_run, wish

# A feed that is down now is asked again by the process's next start, never far away.
_RETRY = RetryPolicy(attempts=3, base_seconds=20, cap_seconds=300, deadline_seconds=900)


@unit(
    name=wish.UNIT,
    title="Feeds of shows into staging",
    clean_params=wish.clean_params,
    retry=_RETRY,
    ready=feeds.why_not_ready,
)
def load_shows(ctx: RunContext) -> Mapping[str, object]:
    """Read the feeds of POPFLIX_FEEDS; staging then shows each as it is now."""
    return load_run.load_shows(ctx)


@unit(
    name=reconcile_wish.UNIT,
    title="Shows from staging into master",
    clean_params=reconcile_wish.clean_params,
    retry=_RETRY,
)
def reconcile_shows(ctx: RunContext) -> Mapping[str, object]:
    """Judge the newest load of each feed, and apply what needs no person."""
    return reconciling.reconcile_shows(ctx)


process(
    "shows",
    [wish.UNIT, reconcile_wish.UNIT],
    mode=Mode.SEQUENTIAL,
    title="Cinema programme",
    timetable=Timetable(every_seconds=1800),
    ready=feeds.why_not_ready,
)


@on_run_lost
def free_sources(run: Run, token_prefix: str) -> None:
    """A run died: the feeds that it held are free at once."""
    lease.free_of_run(run.pk)
