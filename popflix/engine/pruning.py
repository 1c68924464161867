"""Removing what is old: the body of the unit `prune`.

Each chunk is a short commit that also keeps the counts so far in the run's `result`, so that
they are of the whole run when it is handed over or killed between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial

from django.conf import settings
from django.db.models import Model, Q, QuerySet

from popflix.engine import q2
from popflix.engine.context import RunContext
from popflix.engine.deadletters.discarding import discard_aged
from popflix.engine.models import Event, Notification, Run, RunFile
from popflix.engine.old_runs import removable_families
from popflix.engine.states import Kind

UNIT = "prune"
ROWS_A_COMMIT = 1000
_RUNS_A_COMMIT = 100  # with their children, events and files


def prune_all(ctx: RunContext) -> dict[str, int]:
    """Step by step until nothing old is left; returns the counts, by what was removed."""
    counts = _Counts(ctx)
    for step in (_dead_letters, _events, _runs, _notifications, _deliveries):
        if ctx.should_stop():
            break
        step(ctx, counts)
    if counts.data["dead_letters"]:
        ctx.note(
            f"{counts.data['dead_letters']:,} dead letters were discarded by their age, "
            f"{settings.POPFLIX_DEAD_LETTER_DAYS} days; the audit trail names them."
        )
    return counts.data


class _Counts:
    def __init__(self, ctx: RunContext) -> None:
        self._ctx = ctx
        found = Run.objects.filter(pk=ctx.run_id).values_list("result", flat=True).first()
        names = ("dead_letters", "events", "runs", "notifications", "deliveries")
        self.data: dict[str, int] = {**dict.fromkeys(names, 0), **(found or {})}

    def remove(self, name: str, act: Callable[[], int]) -> None:
        """One commit: `act` removes rows and says how many."""
        with self._ctx.commit():
            data = {**self.data, name: self.data[name] + act()}
            Run.objects.filter(pk=self._ctx.run_id).update(result=data)
        self.data = data
        self._ctx.progress(done=sum(data.values()))


def _dead_letters(ctx: RunContext, counts: _Counts) -> None:
    count = discard_aged(ctx, _days_ago(ctx, settings.POPFLIX_DEAD_LETTER_DAYS))
    counts.remove("dead_letters", lambda: count)


def _events(ctx: RunContext, counts: _Counts) -> None:
    """Of runs that are active all events stay: they are where the run is; and a unit's last
    reset, which says what the unit is."""
    before = _days_ago(ctx, settings.POPFLIX_KEEP_EVENTS_DAYS)
    active = list(Run.objects.filter(active_key__isnull=False).values_list("pk", flat=True))
    old = Event.objects.filter(at__lt=before).exclude(kind=Kind.RESET)
    old = old.filter(Q(run=None) | ~Q(run_id__in=active)).order_by("at")
    for keys in _chunks(ctx, old, ROWS_A_COMMIT):
        counts.remove("events", partial(_delete, Event, keys))


def _runs(ctx: RunContext, counts: _Counts) -> None:
    before = _days_ago(ctx, settings.POPFLIX_KEEP_RUNS_DAYS)
    for keys in removable_families(before, _RUNS_A_COMMIT):
        if ctx.should_stop():
            return
        _remove_events_of(ctx, counts, keys)
        counts.remove("runs", partial(_delete_runs, keys))


def _remove_events_of(ctx: RunContext, counts: _Counts, runs: list[int]) -> None:
    """A run may have any number of them: in commits of their own, not by its cascade."""
    of_runs = Event.objects.filter(run_id__in=runs).order_by("pk")
    for keys in _chunks(ctx, of_runs, ROWS_A_COMMIT):
        counts.remove("events", partial(_delete, Event, keys))


def _notifications(ctx: RunContext, counts: _Counts) -> None:
    """What was sent, and what was given up and discarded."""
    before = _days_ago(ctx, settings.POPFLIX_KEEP_RUNS_DAYS)
    over = Q(sent_at__lt=before) | Q(sent_at=None, due_at=None, given_up_at=None)
    old = Notification.objects.filter(over, created_at__lt=before).order_by("pk")
    for keys in _chunks(ctx, old, ROWS_A_COMMIT):
        counts.remove("notifications", partial(_delete, Notification, keys))


def _deliveries(ctx: RunContext, counts: _Counts) -> None:
    count = q2.prune(_days_ago(ctx, settings.POPFLIX_KEEP_EVENTS_DAYS))
    counts.remove("deliveries", lambda: count)


def _chunks(ctx: RunContext, rows: QuerySet[Model], size: int) -> Iterator[list[int]]:
    """Keys of the first rows, again and again: the caller removes them."""
    while not ctx.should_stop():
        keys = list(rows.values_list("pk", flat=True)[:size])
        if not keys:
            return
        yield keys


def _delete(model: type[Model], keys: list[int]) -> int:
    return int(model._default_manager.filter(pk__in=keys).delete()[0])


def _delete_runs(keys: list[int]) -> int:
    RunFile.objects.filter(run_id__in=keys).delete()
    return int(Run.objects.filter(pk__in=keys).delete()[1].get("engine.Run", 0))


def _days_ago(ctx: RunContext, days: int) -> dt.datetime:
    return ctx.now() - dt.timedelta(days=days)
