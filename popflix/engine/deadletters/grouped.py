"""Letters counted by group: one query, and one more for an example of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from popflix.engine.deadletters.letters import Group


@dataclass(frozen=True)
class Columns:
    """What a source calls them; `unit` is empty where all its letters are of one unit."""

    kind: str
    at: str
    error: str
    unit: str = ""


def grouped(letters: QuerySet[Any], columns: Columns, *, source: str, unit: str) -> list[Group]:
    """The letters' groups; `unit` is theirs where no column tells it."""
    by = [name for name in (columns.unit, columns.kind, "error_group") if name]
    found = list(
        letters.values(*by)
        .annotate(
            count=Count("pk"), oldest=Min(columns.at), newest=Max(columns.at), last=Max("pk")
        )
        .order_by()
    )
    newest = letters.model._default_manager.using(letters.db)
    examples = newest.filter(pk__in=[row["last"] for row in found])
    errors = dict(examples.values_list("pk", columns.error))
    return [
        Group(
            source,
            row[columns.unit] if columns.unit else unit,
            row[columns.kind],
            row["error_group"],
            row["count"],
            row["oldest"],
            row["newest"],
            errors.get(row["last"], ""),
        )
        for row in found
    ]
