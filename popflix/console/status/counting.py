"""Counts of work rows, by the indexes that their workers claim and retry by."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet

from popflix.engine.models import Lane
from popflix.lib.tally import tally


def due(rows: QuerySet[Any]) -> dict[str, Any]:
    """How many of what workers claim, and when the first of it fell due: lane by lane.

    `rows` are those that are due now, by the workers' own predicate.
    """
    firsts = [
        rows.filter(lane=lane).order_by("due_at").values_list("due_at", flat=True).first()
        for lane in Lane.values
    ]
    count = rows.filter(lane__in=Lane.values).count()
    return {"due_count": count, "due_since": min(filter(None, firsts), default=None)}


def failures(rows: QuerySet[Any]) -> dict[str, int]:
    """By kind; what is tried again by itself is among them."""
    found = tally(rows.filter(failure_kind__gt="").order_by(), "failure_kind")
    return {kind: count for (kind,), count in sorted(found.items())}


def ends(rows: QuerySet[Any], column: str) -> tuple[dt.datetime | None, dt.datetime | None]:
    """The first and the last instant of a column by which an index sorts these rows."""
    known = rows.filter(**{f"{column}__isnull": False}).values_list(column, flat=True)
    return known.order_by(column).first(), known.order_by(f"-{column}").first()
