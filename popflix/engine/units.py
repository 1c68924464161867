"""The engine's own units."""

from __future__ import annotations

from collections.abc import Mapping

from popflix.engine import deadletters
from popflix.engine.context import RunContext
from popflix.engine.deadletters.of_rows import WorkRowSource
from popflix.engine.deadletters.of_runs import RunSource
from popflix.engine.deadletters.order import UNIT as RETRY_UNIT
from popflix.engine.deadletters.order import clean_params
from popflix.engine.deadletters.retrying import retry_letters
from popflix.engine.leases import on_run_lost
from popflix.engine.models import Notification
from popflix.engine.notifications import SEND_UNIT, sending
from popflix.engine.pruning import UNIT as PRUNE_UNIT
from popflix.engine.pruning import prune_all
from popflix.engine.registry import Timetable, unit

on_run_lost(sending.give_back)
deadletters.register(RunSource())
deadletters.register(
    WorkRowSource(
        "notifications",
        "Notifications",
        Notification,
        unit=SEND_UNIT,
        url_of=deadletters.page_of("admin:engine_notification_change"),
    )
)


@unit(
    SEND_UNIT,
    title="Notifications",
    timetable=Timetable(every_seconds=60),
    ready=sending.why_not_ready,
    is_housekeeping=True,
)
def send_notifications(ctx: RunContext) -> Mapping[str, object]:
    """Send what lies in the outbox, by e-mail and webhook."""
    return sending.send_due(ctx)


@unit(
    RETRY_UNIT,
    slots=2,
    title="Retrying dead letters",
    clean_params=clean_params,
    is_housekeeping=True,
)
def retry_dead_letters(ctx: RunContext) -> Mapping[str, object]:
    """Make dead letters work again: one, staggered, or a sample first."""
    return retry_letters(ctx)


@unit(
    PRUNE_UNIT,
    title="Removing what is old",
    timetable=Timetable(cron="40 3 * * *", jitter_seconds=600),
    is_housekeeping=True,
)
def prune(ctx: RunContext) -> Mapping[str, object]:
    """Remove old events, runs, notifications and the queue's leftovers."""
    return prune_all(ctx)
