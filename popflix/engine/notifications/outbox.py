"""Putting notifications into the outbox, in the transaction of what they tell."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from django.db import DatabaseError, IntegrityError, InterfaceError, transaction
from django.db.models import F

from popflix.engine import creating
from popflix.engine.creating import Order
from popflix.engine.events import storable
from popflix.engine.models import Lane, Notification, Pause, Run
from popflix.engine.notifications.channels import configured
from popflix.engine.notifications.streaks import Ended, Turn, turn
from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.slots import Busy
from popflix.lib.redact import redact

SEND_UNIT = "send-notifications"
log = logging.getLogger(__name__)

# Runs of a unit that has several slots end in another order than they began.
_LOOK_BACK = 50
_COLUMNS = ("pk", "status", "finished_at", "attempt", "retry_of_id")


def announce(
    *,
    cause: str,
    kind: str,
    subject: str,
    body: str,
    payload: Mapping[str, object],
    now: dt.datetime,
    registry: Registry = all_units,
) -> int:
    """Store one notification per channel, and have it sent soon. Returns how many are new.

    Call it in the transaction of what it tells. `cause` (≤ 190 characters) names what it is
    about: the same cause is never told twice, whoever tells it. Without a channel nothing is
    stored.
    """
    stored = 0
    for channel in configured():
        row = Notification(
            cause=cause,
            channel=channel,
            kind=kind,
            subject=_one_line(subject),
            body=redact(body),
            payload=storable(payload),
            created_at=now,
            due_at=now,
            lane=Lane.OPERATOR,
        )
        stored += _insert(row)
    if stored:
        _send_soon(now, registry)
    return stored


def about_end(run: Run, now: dt.datetime) -> None:
    """Within the end of a run for good: tell what it means for its unit, if that is news.

    Children of a process are silent, their parent speaks; and so is the unit that sends, or its
    own failure would have no end. Nothing that goes wrong here keeps the run from ending.
    """
    if run.parent_id is not None or run.unit == SEND_UNIT or not configured():
        return
    try:
        with transaction.atomic():
            _tell_end(run, now)
    except (DatabaseError, InterfaceError):  # the whole transaction may be lost
        raise
    except Exception:
        log.exception("the end of run %s could not be told", run.pk)


def _tell_end(run: Run, now: dt.datetime) -> None:
    news = turn(_ended(run, now), _earlier(run))
    if news is Turn.FAILURE:
        _lock_unit(run.unit)
        news = turn(_ended(run, now), _earlier(run))  # of two at once the second sees the first
    if news is Turn.FAILURE:
        _tell(run, f"failing:{run.unit}:{run.pk}", news, f"{run.unit} fails", run.error, now)
    elif news is Turn.RECOVERY:
        told = _told_failure(run.unit)
        if told is not None:
            text = f"Run {run.pk} completed. It had failed since run {told}."
            cause = f"recovered:{run.unit}:{told}"
            _tell(run, cause, news, f"{run.unit} works again", text, now)


def _tell(run: Run, cause: str, kind: str, subject: str, text: str, now: dt.datetime) -> None:
    how = f"Run {run.pk} of {run.unit} ended as {run.status}."
    announce(
        cause=cause,
        kind=str(kind),
        subject=subject,
        body=f"{text or 'No reason was told.'}\n\n{how}",
        payload={"unit": run.unit, "run": run.pk, "status": run.status, "error": run.error},
        now=now,
    )


def _ended(run: Run, now: dt.datetime) -> Ended:
    return Ended(run.pk, run.status, run.finished_at or now, run.attempt, run.retry_of_id)


def _earlier(run: Run) -> list[Ended]:
    others = Run.objects.filter(unit=run.unit, parent=None, active_key=None).exclude(pk=run.pk)
    # What its operator's terminal was told says nothing about the unit.
    others = others.exclude(dispatched_at=None, dismissed_at=F("finished_at"))
    newest = others.filter(finished_at__isnull=False).order_by("-pk")
    return [Ended(*row) for row in newest.values_list(*_COLUMNS)[:_LOOK_BACK]]


def _lock_unit(unit: str) -> None:
    """Two runs of the unit that fail at the same moment come one after the other from here on.

    (On SQLite they do anyway.)
    """
    newest = Run.objects.filter(unit=unit).order_by("-pk").first()
    if newest is not None:
        Run.objects.select_for_update().only("pk").get(pk=newest.pk)


def _told_failure(unit: str) -> int | None:
    """The run with which the unit's last told streak of failures began."""
    beginning = f"failing:{unit}:"
    told = Notification.objects.filter(kind=Turn.FAILURE, cause__startswith=beginning)
    cause = told.order_by("-pk").values_list("cause", flat=True).first()
    return int(cause.removeprefix(beginning)) if cause else None


def _insert(row: Notification) -> bool:
    """False when this cause was told on this channel before."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _send_soon(now: dt.datetime, registry: Registry) -> None:
    """Where it is at work already, or paused, its timetable comes to it."""
    unit = registry.find(SEND_UNIT)
    if unit is None or Pause.objects.filter(unit=SEND_UNIT).exists():
        return
    try:
        creating.store(Order(unit, {}, "notification", on_queue=True), now)
    except Busy:
        return


def _one_line(text: str) -> str:
    longest = Notification._meta.get_field("subject").max_length
    return " ".join(redact(text).split())[:longest]
