"""The newest events as lines of a card."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from popflix.console.home.stream import words
from popflix.console.pieces import moments, vocabulary
from popflix.console.pieces.tones import State
from popflix.engine.models import Event
from popflix.engine.outcomes import TURN_ENDED
from popflix.engine.states import Kind

_SHOWN = 20
_LOOKED_AT = 100


@dataclass(frozen=True)
class Line:
    """`clock` is the time of day, `exact` all of it. `href` is its run's page, or empty."""

    id: int
    at: str
    clock: str
    exact: str
    state: State
    unit: str
    text: str
    href: str


def data(request: HttpRequest, now: dt.datetime) -> Mapping[str, Any]:
    found = Event.objects.select_related("run").order_by("-pk")[:_LOOKED_AT]
    may_open = request.user.has_perm("engine.view_run")
    shown = list(_but_turns(found))[:_SHOWN]
    return {"lines": [_line(event, now, may_open=may_open) for event in shown]}


def _but_turns(newest_first: Iterable[Event]) -> Iterator[Event]:
    """A long run has a turn a minute: that it let others pass and went on would fill the card."""
    goes_on: dict[int | None, Event] = {}
    kept: list[Event] = []
    for event in newest_first:
        if event.kind == Kind.WAITING and event.payload.get("why") == TURN_ENDED:
            again = goes_on.pop(event.run_id, None)
            if again is not None:
                kept.remove(again)
            continue
        goes_on.pop(event.run_id, None)
        if event.kind == Kind.RESUME and event.run_id is not None:
            goes_on[event.run_id] = event
        kept.append(event)
    yield from kept


def _line(event: Event, now: dt.datetime, *, may_open: bool) -> Line:
    zone, run = timezone.get_current_timezone(), event.run
    is_change = event.milestone_id.startswith(f"unit.{event.unit}.")
    milestone = "" if is_change else event.milestone_id
    counts = (run.done_count, run.failed_count) if run else (0, 0)
    return Line(
        id=event.pk,
        at=event.at.isoformat(),
        clock=_clock(event.at.astimezone(zone), now.astimezone(zone)),
        exact=moments.exact(event.at, zone),
        state=vocabulary.state("event", event.kind),
        unit=event.unit,
        text=words(event.kind, milestone, event.payload, *counts),
        href=reverse("admin:engine_run_change", args=[run.pk]) if run and may_open else "",
    )


def _clock(at: dt.datetime, now: dt.datetime) -> str:
    """To the second of today; of another day its date says more."""
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at.day} {at:%b %H:%M}"
