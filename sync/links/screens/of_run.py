"""The media links that a run touched last: a filter of their list, and the link to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from popflix.console.runs import touched
from popflix.console.runs.touched import Touched
from popflix.engine.models import Run
from popflix.lib.admin import MOST_ROWS
from sync.links.campaign import UNIT
from sync.links.models import Enrichment

PARAMETER = "run"
_DIGITS = 19  # no database takes a longer number


class RunFilter(admin.SimpleListFilter):
    """Stands in the list only where an address names a run."""

    title, parameter_name = "run", PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        run = run_of(request.GET)
        return [] if run is None else [(request.GET[PARAMETER], f"run {run}")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(enrichment__last_run_id=int(self.value() or 0))


def run_of(query: QueryDict) -> int | None:
    """The run whose rows the address asks for; None of nonsense, too."""
    run = query.get(PARAMETER, "")
    return int(run) if run.isdecimal() and len(run) < _DIGITS else None


def rows_of(run: Run) -> Touched:
    mine = Enrichment.objects.filter(last_run_id=run.pk).order_by()
    count = mine[: MOST_ROWS + 1].count()
    href = f"{reverse('admin:sync_medialinks_changelist')}?{urlencode({PARAMETER: run.pk})}"
    return Touched("media links", min(count, MOST_ROWS), href, is_capped=count > MOST_ROWS)


touched.register(UNIT, rows_of)
