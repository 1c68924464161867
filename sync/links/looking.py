"""Several filters of media links at once, looked up a bounded number of titles at a time.

No index spans the tables that the filters look at, and what fits two of them may be a handful
among millions. So the titles of the narrowest filter are read in the order of their ids, and asked
of the other ones by the index that each of them has. Who wants to see more looks further.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from sync.links.finding import Choice
from sync.links.models import Enrichment, MediaLinks, ProcessedStatus, Title

MOST_LOOKED = 1000  # as many as one condition takes


@dataclass(frozen=True)
class Look:
    """The ids that fit, of so many `looked` through; `last` is the last of these, where there
    are more of them."""

    keys: list[str]
    looked: int
    last: str = ""


def is_crossed(choice: Choice, run: int | None = None) -> bool:
    """Whether more than one filter says which titles are meant."""
    return sum((run is not None, *map(bool, (choice.status, choice.kind, choice.title_type)))) > 1


def look(choice: Choice, *, run: int | None = None, after: str = "") -> Look:
    """Through the titles behind that id, where one is given. The choice is no search."""
    narrowest, *others = _each_filter(choice, run)
    # Only where it is needed: from nowhere on MariaDB prefers to walk all rows.
    behind = narrowest.filter(pk__gt=after) if after else narrowest
    keys = list(behind.order_by("pk").values_list("pk", flat=True)[: MOST_LOOKED + 1])
    last = keys[MOST_LOOKED - 1] if len(keys) > MOST_LOOKED else ""
    found = keys[:MOST_LOOKED]
    looked = len(found)
    for rows in others:
        fits = set(rows.filter(pk__in=found).order_by().values_list("pk", flat=True))
        found = [key for key in found if key in fits]
    return Look(found, looked, last)


def keys_of_run(run: int) -> QuerySet[Any, str]:
    """Of the links that it touched last, in the order of their ids."""
    rows = Enrichment.objects.filter(last_run_id=run)
    return rows.order_by("pk").values_list("pk", flat=True)


def _each_filter(choice: Choice, run: int | None) -> list[QuerySet[Any, Any]]:
    """The rows that each of them means by itself, those of which there are fewest first."""
    found: list[QuerySet[Any, Any]] = []
    are_most = choice.status == ProcessedStatus.SUCCESS
    if run is not None:
        found.append(Enrichment.objects.filter(last_run_id=run))
    if choice.kind:
        found.append(Enrichment.objects.filter(failure_kind=choice.kind))
    if choice.status and not are_most:
        found.append(MediaLinks.objects.filter(processed_status=choice.status))
    if choice.title_type:
        found.append(Title.objects.filter(title_type=choice.title_type))
    if are_most:
        found.append(MediaLinks.objects.filter(processed_status=choice.status))
    return found
