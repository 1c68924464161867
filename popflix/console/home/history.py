"""Runs of the last days, how many went well and how many failed: two queries along keys."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from popflix.console.pieces.shapes import Column
from popflix.engine.models import Event, Run
from popflix.engine.states import FAILED, Kind, Status
from popflix.lib.tally import counts

_DAYS = 14


def data(request: HttpRequest, now: dt.datetime) -> Mapping[str, Any]:
    return {"columns": columns(now)}


def columns(now: dt.datetime) -> list[Column]:
    """By the day on which a run was wanted; runs that belong to another one are not counted."""
    zone = timezone.get_current_timezone()
    today = now.astimezone(zone).date()
    days = [today - dt.timedelta(days=ago) for ago in range(_DAYS - 1, -1, -1)]
    starts = [dt.datetime.combine(day, dt.time(), zone) for day in days]
    found = _counts(_first_runs(starts))
    return [
        (f"{day.day} {day:%b}", found[index, True], found[index, False])
        for index, day in enumerate(days)
    ]


def _first_runs(starts: list[dt.datetime]) -> list[int | None]:
    """The number of the first run wanted at or after each instant; None where there is none.

    Runs have no index on their instants and need none for this: their first events do.
    """
    asked = {f"day_{index}": Subquery(_first_since(start)) for index, start in enumerate(starts)}
    row = Event.objects.order_by("pk").annotate(**asked).values_list(*asked)[:1].first()
    return list(row) if row else []


def _first_since(start: dt.datetime) -> QuerySet[Event, Any]:
    wanted = Event.objects.filter(at__gte=start, kind=Kind.QUEUED, run_id__isnull=False)
    return wanted.order_by("at").values("run_id")[:1]


def _counts(firsts: list[int | None]) -> Counter[tuple[int, bool]]:
    """How many by day and by whether they went well, of the runs since the first day.

    Each a count along the index (status, key, parent), of one status: for several SQLite would
    take another index, and grouping would make a row of each run.
    """
    known = [(index, first) for index, first in enumerate(firsts) if first is not None]
    asked: dict[tuple[int, Status], QuerySet[Run, Any]] = {}
    for (index, first), (_, end) in zip_longest(known, known[1:], fillvalue=(0, None)):
        day = Q(pk__gte=first) if end is None else Q(pk__gte=first, pk__lt=end)
        runs = Run.objects.filter(day, parent=None).order_by().values("pk")
        for status in (Status.COMPLETED, *FAILED):
            asked[index, status] = runs.filter(status=status)
    found: Counter[tuple[int, bool]] = Counter()
    for (index, status), count in zip(asked, counts(list(asked.values())), strict=True):
        found[index, status == Status.COMPLETED] += count
    return found
