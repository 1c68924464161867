"""Cancelling: a run that nobody holds ends at once, any other between two of its chunks."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

from popflix.engine import runs
from popflix.engine.changes import whole
from popflix.engine.events import tell
from popflix.engine.fence import FenceLost
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.states import TERMINAL, Kind
from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError


def cancel(
    run_id: int, *, by: str, why: str = "", clock: Clock, registry: Registry = all_units
) -> Run:
    """End a run that no process holds at once; ask the process of any other to end it.

    A parent ends with the last of its children, which are cancelled one by one. Raises
    OperatorError when there is no such run or it has ended.
    """
    run = _read(run_id)
    if run is None or run.status in TERMINAL:
        state = "does not exist" if run is None else f"has ended as {run.status}"
        raise OperatorError(f"Run {run_id} {state}.", "Choose a run that is active.")
    if run.mode:
        _ask_to_cancel(run, by, why, clock.now())
        _cancel_children(run, by, why, clock, registry)
        run.refresh_from_db()
        return run
    if run.status == RunStatus.QUEUED or run.pid is None:
        try:
            runs.finish(run, RunStatus.CANCELLED, clock=clock, error=why, registry=registry, by=by)
        except FenceLost:  # a process took it just now
            run.refresh_from_db()
    if run.status not in TERMINAL:
        _ask_to_cancel(run, by, why, clock.now())
        end_if_asked(run, why=why, clock=clock, registry=registry, by=by)
    return run


def end_if_asked(run: Run, *, why: str, clock: Clock, registry: Registry, **told: Any) -> None:
    """End a run whose cancel was asked for while its process let go of it.

    It may wait for long, and nobody is there any more to see the wish. Both sides look, whoever
    asks and whoever parks, each after its own commit: one of them comes second.
    """
    run.refresh_from_db()
    if run.pid is not None or run.active_key is None or run.cancel_requested_at is None:
        return
    with contextlib.suppress(FenceLost):  # it was taken or ended just now
        runs.finish(run, RunStatus.CANCELLED, clock=clock, error=why, registry=registry, **told)


def _cancel_children(parent: Run, by: str, why: str, clock: Clock, registry: Registry) -> None:
    """A child that ends meanwhile may have stored the next one: look again until none is new."""
    asked: set[int] = set()
    active = Run.objects.filter(parent=parent, active_key__isnull=False).order_by("pk")
    while new := [pk for pk in active.values_list("pk", flat=True) if pk not in asked]:
        for child_id in new:
            asked.add(child_id)
            try:
                cancel(child_id, by=by, why=why, clock=clock, registry=registry)
            except OperatorError:  # it has ended just now
                continue
    runs.settle(parent.pk, clock.now())


def _read(run_id: int) -> Run | None:
    return Run.objects.filter(pk=run_id).first()


def _ask_to_cancel(run: Run, by: str, why: str, now: dt.datetime) -> None:
    payload = {"text": f"{by} asked to cancel", "why": why}

    def ask() -> None:
        active = Run.objects.filter(pk=run.pk, active_key__isnull=False)
        if active.update(cancel_requested_at=now):
            tell(run.pk, run.unit, Kind.NOTE, now, payload=payload)
            run.cancel_requested_at = now

    whole(ask)
