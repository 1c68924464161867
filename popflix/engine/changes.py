"""The one statement by which a run's status changes, with the Event in the same transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db import connection, transaction

from popflix.engine.events import tell
from popflix.engine.fence import FenceLost
from popflix.engine.models import Run
from popflix.engine.states import Kind, after
from popflix.lib.locks import again_when_locked

T = TypeVar("T")


def change(
    run: Run,
    kind: Kind,
    now: dt.datetime,
    columns: Mapping[str, Any] | None = None,
    /,
    **payload: object,
) -> None:
    """Compare-and-set on status and fence, and the event; `run` then shows what is stored.

    Raises FenceLost, nothing written, when somebody else was faster.
    """
    new = {**(columns or {}), "status": after(run.status, kind)}
    with transaction.atomic(savepoint=False):
        as_seen = Run.objects.filter(pk=run.pk, fence=run.fence, status=run.status)
        is_ours = bool(as_seen.update(**new))
        if is_ours:
            tell_change(run, kind, now, new["status"], payload)
    if not is_ours:  # raised out here, it does not break the caller's transaction
        raise FenceLost(run.pk, run.fence)
    for column, value in new.items():
        setattr(run, column, value)


def tell_change(
    run: Run, kind: Kind, now: dt.datetime, status: str, payload: Mapping[str, object]
) -> None:
    """A change of status is a milestone, too: `unit.<name>.<status>`."""
    milestone_id = f"unit.{run.unit}.{status}"
    tell(run.pk, run.unit, kind, now, milestone_id=milestone_id, payload=payload)


def whole(act: Callable[[], T], run: Run | None = None) -> T:
    """Do `act` in one transaction, again when the database undid it for another one's locks.

    `run` shows afterwards what is stored: after a failure what it showed before. Within a
    caller's transaction nothing is tried again, since the whole of that is undone.
    """
    before = {} if run is None else dict(vars(run))

    def attempt() -> T:
        try:
            with transaction.atomic():
                return act()
        except BaseException:
            if run is not None:
                vars(run).update(before)
            raise

    return attempt() if connection.in_atomic_block else again_when_locked(attempt)
