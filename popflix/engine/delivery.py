"""Asking the queue to wake runs up, and remembering when we asked.

A delivery is a hint: the watcher asks again for a run that nobody took. Each function is part of
the caller's transaction, since the queue's table lies in the same database.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, Q, QuerySet

from popflix.engine import q2
from popflix.engine.changes import whole
from popflix.engine.models import Run, RunStatus
from popflix.engine.slots import active_keys, waiting_keys

# What a person started goes to the small second cluster first, past any crawl; when it is
# delivered again, because it handed over or nobody took it, it goes the common way.
_OPERATORS_TRIGGERS = frozenset({"admin", "command", "retry"})
_NOT_STARTED = (RunStatus.QUEUED, RunStatus.WAITING)


def first_delivery(now: dt.datetime) -> dict[str, Any]:
    """The columns of a run that is delivered as it is stored."""
    return {"dispatched_at": now, "dispatch_count": 1}


def send(run: Run) -> None:
    """Put the delivery on the queue; the columns are the caller's to store."""
    is_first = run.fence == 0 and run.dispatch_count <= 1
    by_person = run.trigger in _OPERATORS_TRIGGERS and run.parent_id is None
    q2.dispatch(run.pk, cluster=q2.OPERATOR if is_first and by_person else None)


def deliver_again(run: Run, now: dt.datetime) -> bool:
    """Deliver a run that no process holds; False when a process took it meanwhile."""
    ours = _nobodys(Run.objects.filter(pk=run.pk, fence=run.fence))
    changed = ours.update(dispatched_at=now, dispatch_count=F("dispatch_count") + 1)
    if changed:
        run.dispatched_at, run.dispatch_count = now, run.dispatch_count + 1
        send(run)
    return bool(changed)


def hand_on(run_id: int, now: dt.datetime) -> None:
    """This worker is being stopped and does not even begin what it was brought."""
    run = Run.objects.filter(pk=run_id).first()
    if run is not None and run.dispatched_at is not None:
        whole(lambda: deliver_again(run, now), run)


def wake_unit(unit: str, now: dt.datetime) -> None:
    """Deliver what waits for the unit alone, also the workers of a process: it is resumed."""
    _wake(_nobodys(Run.objects.filter(active_keys(unit))), now)
    parents = Run.objects.filter(active_keys(unit)).exclude(mode="")
    if active := list(parents.values_list("pk", flat=True)):
        _wake(_nobodys(Run.objects.filter(parent__in=active)).exclude(unit=unit), now)


def _wake(runs: QuerySet[Run], now: dt.datetime) -> None:
    runs.filter(status=RunStatus.WAITING, resume_at=None).update(resume_at=now)
    for run in _due(runs, now):
        deliver_again(run, now)


def wake_next(unit: str, now: dt.datetime) -> None:
    """A slot of the unit became free: deliver the run that has waited for one the longest."""
    waiting = Run.objects.filter(waiting_keys(unit))
    if not waiting.exists():  # as at the end of nearly every run, and cheap
        return
    run = _due(_nobodys(waiting.filter(unit=unit)), now).first()
    if run is not None:
        deliver_again(run, now)


def _nobodys(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Of these the active ones that no process holds and that a delivery brings."""
    return runs.filter(
        status__in=_NOT_STARTED,
        pid__isnull=True,
        mode="",
        dispatched_at__isnull=False,
    )


def _due(runs: QuerySet[Run], now: dt.datetime) -> QuerySet[Run]:
    at_once = Q(status=RunStatus.QUEUED, resume_at=None)
    return runs.filter(at_once | Q(resume_at__lte=now)).order_by("pk")
