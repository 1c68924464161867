"""The stream of events as lines, for people or for programs."""

from __future__ import annotations

import datetime as dt
import os
import re
import select
import sys
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from popflix.engine.models import Event
from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.tail import Since, Tail
from popflix.engine.views.words import instant, one_line, pairs
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import UsageError

POLL_SECONDS = 0.5
_STEP_SECONDS = 0.1  # how late a closed pipe is noticed
_SHOWN = 50  # of the past, where nothing else is asked for
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
Emit = Callable[[Event], None]


def as_json(event: Event) -> dict[str, object]:
    """The keys that programs rely on, and no others."""
    return {
        "id": event.pk,
        "at": event.at.isoformat(),
        "unit": event.unit,
        "run": event.run_id,
        "kind": event.kind,
        "milestone_id": event.milestone_id,
        "payload": event.payload,
    }


def as_line(event: Event, zone: dt.tzinfo) -> str:
    """One line for a person; the milestone of a change of status says nothing more."""
    who = f"{event.unit or '-'}{f' #{event.run_id}' if event.run_id else ''}"
    is_change = event.milestone_id.startswith(f"unit.{event.unit}.")
    milestone = "" if is_change else event.milestone_id
    parts = (
        f"{event.pk}", instant(event.at, zone), one_line(who), event.kind,
        one_line(milestone), pairs(event.payload),
    )  # fmt: skip
    return "  ".join(part for part in parts if part)


def wanted(
    text: str | None,
    limit: int | None,
    unit: str,
    *,
    follow: bool,
    now: dt.datetime,
    registry: Registry = all_units,
) -> Since:
    """What --since, --limit and --unit ask for. Raises UsageError, and OperatorError for a unit
    that nobody knows and nothing tells of.
    """
    if limit is not None and limit < 0:
        raise UsageError(f"--limit {limit} is no count.", "Give 0 or more.")
    if follow and text is not None and limit is not None:
        raise UsageError(
            "--follow with --since and --limit would leave out what lies between.",
            "Leave one of the three out.",
        )
    if unit and registry.find(unit) is None and not Event.objects.filter(unit=unit).exists():
        registry.get(unit)
    if text is None:
        return Since(limit=_SHOWN if limit is None else limit, unit=unit)
    if re.fullmatch(r"\d{1,18}", text, re.ASCII):
        return Since(after_id=int(text), limit=limit, unit=unit)
    return Since(at=_instant(text, now), limit=limit, unit=unit)


def _instant(text: str, now: dt.datetime) -> dt.datetime:
    """`10m`, or an ISO instant: of the site's time zone unless it names one."""
    try:
        if ago := re.fullmatch(r"(\d{1,6})([smhd])", text, re.ASCII):
            return now - dt.timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
        at = parse_datetime(text) or parse_datetime(f"{text}T00:00")
        if at is not None:
            return timezone.make_aware(at) if timezone.is_naive(at) else at
    except (ValueError, OverflowError):
        pass
    raise UsageError(
        f"--since {text} is no duration, instant or number of an event.",
        "Write for instance 10m, 2h, 2026-03-01T12:00 or 4711.",
    )


def stream(
    since: Since,
    *,
    follow: bool,
    stop: StopRequest,
    emit: Emit,
    out: Any,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Emit what is there and, following, what comes until a signal or a closed pipe."""
    tail = Tail(since, clock=clock)
    last = 0

    def tell(event: Event) -> None:
        nonlocal last
        emit(event)
        last = max(last, event.pk)

    try:
        for event in tail.past():
            if stop:
                break
            tell(event)
        out.flush()
        while follow and not stop and not is_closed(out):
            for event in tail.new():
                tell(event)
            out.flush()
            if not tail.has_more:
                _wait(stop, out)
    except BrokenPipeError:
        _forget(out)
    go_on = f"Stopped; `--since {last}` goes on from here." if last else "Stopped."
    return Report(stopped_by=stop.signal_number, how_to_go_on=go_on)


def _wait(stop: StopRequest, out: Any) -> None:
    for _ in range(round(POLL_SECONDS / _STEP_SECONDS)):
        if stop.wait(_STEP_SECONDS) or is_closed(out):
            return


def is_closed(out: Any) -> bool:
    """Whether nobody reads our output any more: known before the next line is written."""
    try:
        number = getattr(out, "_out", out).fileno()  # Django's OutputWrapper, or a stream
    except (AttributeError, OSError, ValueError):
        return False
    poll = select.poll()
    poll.register(number, 0)
    return any(seen & (select.POLLERR | select.POLLHUP) for _, seen in poll.poll(0))


def _forget(out: Any) -> None:
    """Python flushes standard output once more at its end: let that go nowhere."""
    if getattr(out, "_out", out) is sys.stdout:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
