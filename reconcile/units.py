"""The units of this app: what the engine can run by name."""

from __future__ import annotations

from collections.abc import Mapping

from popflix.engine.context import RunContext
from popflix.engine.leases import on_run_lost
from popflix.engine.models import Run
from popflix.engine.registry import Mode, Timetable, process, unit
from popflix.engine.retry import RetryPolicy
from popflix.lib import replaying
from reconcile.changes.approval import applying, wanting
from reconcile.changes.judging import run as reconciling
from reconcile.changes.judging import wish as reconcile_wish
from reconcile.changes.programme import checking
from reconcile.changes.undo import undoing
from reconcile.feed import feeds, lease, load_run, wish
from reconcile.feed import replaying as feed_rows
from reconcile.feed.outcome import READER
from reconcile.shows import archive_wish, archiving

# A feed that is down now is asked again by the process's next start, never far away.
_RETRY = RetryPolicy(attempts=3, base_seconds=20, cap_seconds=300, deadline_seconds=900)


@unit(
    name=wish.UNIT,
    title="Feeds into staging",
    clean_params=wish.clean_params,
    retry=_RETRY,
    ready=feeds.why_not_ready,
)
def load_shows(ctx: RunContext) -> Mapping[str, object]:
    """Read the feeds of POPFLIX_FEEDS; staging then shows each as it is now."""
    return load_run.load_shows(ctx)


@unit(
    name=reconcile_wish.UNIT,
    title="Staging into master",
    clean_params=reconcile_wish.clean_params,
    retry=_RETRY,
    permission=reconcile_wish.permission,
)
def reconcile_shows(ctx: RunContext) -> Mapping[str, object]:
    """Judge the newest load of each feed, and apply what needs no person."""
    return reconciling.reconcile_shows(ctx)


@unit(
    name=applying.UNIT,
    slots=applying.SLOTS,
    title="Apply approved changes",
    clean_params=applying.clean_params,
    retry=_RETRY,
    is_housekeeping=True,
    permission=lambda params: wanting.APPROVE,
)
def apply_changes(ctx: RunContext) -> Mapping[str, object]:
    """Bring what persons approved of a change set into master."""
    return applying.apply_changes(ctx)


@unit(
    name=applying.DECIDE_UNIT,
    slots=applying.SLOTS,
    title="Decisions on changes",
    clean_params=applying.clean_decision,
    retry=_RETRY,
    is_housekeeping=True,
    permission=lambda params: wanting.APPROVE,
)
def decide_changes(ctx: RunContext) -> Mapping[str, object]:
    """Approve or reject all changes of a set that a filter matches, and apply what is approved."""
    return applying.decide_changes(ctx)


@unit(
    name=undoing.UNIT,
    slots=applying.SLOTS,
    title="Undo of a change set",
    clean_params=undoing.clean_params,
    retry=_RETRY,
    is_housekeeping=True,
    permission=lambda params: wanting.UNDO,
)
def undo_changes(ctx: RunContext) -> Mapping[str, object]:
    """Reverse what a change set did to rows that nobody edited since."""
    return undoing.undo_changes(ctx)


@unit(
    name=checking.UNIT,
    title="Check of the programme",
    clean_params=checking.clean_params,
    retry=_RETRY,
)
def check_programme(ctx: RunContext) -> Mapping[str, object]:
    """Look through what is staged for what cannot be: it is told, and holds nothing."""
    return checking.check_programme(ctx)


process(
    "shows",
    [wish.UNIT, reconcile_wish.UNIT, checking.UNIT],
    mode=Mode.SEQUENTIAL,
    title="Cinema programme",
    timetable=Timetable(every_seconds=1800),
    ready=feeds.why_not_ready,
)


# No schedule starts it, because an approver has to: who wants it regularly has the host's own
# timetable run the command.
@unit(
    name=archive_wish.UNIT,
    title="Archive of old shows",
    clean_params=archive_wish.clean_params,
    is_housekeeping=True,
    permission=archive_wish.permission,
)
def archive_shows(ctx: RunContext) -> Mapping[str, object]:
    """Take shows that are long over out of master into files, from which they can come back."""
    return archiving.archive_shows(ctx)


@on_run_lost
def free_sources(run: Run, token_prefix: str) -> None:
    """A run died: the feeds that it held are free at once."""
    lease.free_of_run(run.pk)


replaying.register_each(READER, feed_rows.replayer_of)
