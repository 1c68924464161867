"""Which old runs nobody needs any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from django.db.models import Exists, Max, Model, OuterRef, QuerySet
from django.db.models.fields.reverse_related import ForeignObjectRel

from popflix.engine.models import Event, Run, RunFile, RunLog, RunSample
from popflix.engine.states import FAILED

_PAGE = 1000


def removable_families(before: dt.datetime, size: int) -> Iterator[list[int]]:
    """Keys of ended runs older than `before`, each with its children; some `size` at a time.

    Kept whole are families of which any run is the newest of its unit, a dead letter, waited for
    by an active run, or named by a row of a domain.
    """
    newest = _newest_of_each_unit()
    together: list[int] = []
    for parents in _pages_of_old(before):
        families = _families(parents)
        everybody = [key for family in families.values() for key in family]
        needed = newest | _needed(everybody)
        for family in families.values():
            if needed.isdisjoint(family):
                together += family
            if len(together) >= size:
                yield together
                together = []
    if together:
        yield together


def _pages_of_old(before: dt.datetime) -> Iterator[list[int]]:
    """Ended runs without a parent, oldest first; keys grow with the time of queueing."""
    last = 0
    while True:
        rows = Run.objects.filter(pk__gt=last).order_by("pk")
        page = list(
            rows.values_list("pk", "queued_at", "finished_at", "parent_id", "active_key")[:_PAGE]
        )
        if not page:
            return
        yield [
            pk
            for pk, _, finished_at, parent_id, active_key in page
            if parent_id is None and active_key is None and finished_at and finished_at < before
        ]
        last, queued_at = page[-1][0], page[-1][1]
        if queued_at >= before:
            return


def _families(parents: Collection[int]) -> dict[int, list[int]]:
    families = {parent: [parent] for parent in parents}
    children = Run.objects.filter(parent_id__in=list(parents))
    for parent_id, pk in children.values_list("parent_id", "pk"):
        families[parent_id or 0].append(pk)
    return families


def _newest_of_each_unit() -> set[int]:
    """The newest run, and the newest that has ended: a unit's status is derived from them."""
    runs = Run.objects.order_by()
    return _newest(runs) | _newest(runs.filter(active_key=None))


def _newest(runs: QuerySet[Run]) -> set[int]:
    found = runs.values("unit").annotate(last=Max("pk")).values_list("last", flat=True)
    return {pk for pk in found if pk is not None}


def _needed(runs: Collection[int]) -> set[int]:
    mine = Run.objects.filter(pk__in=list(runs))
    letters = mine.filter(status__in=FAILED, dismissed_at=None, parent=None)
    retried = Run.objects.filter(retry_of_id__in=list(runs), active_key__isnull=False)
    needed = set(letters.values_list("pk", flat=True))
    needed |= {pk for pk in retried.values_list("retry_of_id", flat=True) if pk is not None}
    return needed | _named_by_rows(runs)


def _named_by_rows(runs: Collection[int]) -> set[int]:
    """Of these runs those that a domain's rows refer to: they say by what a row was written."""
    named: set[int] = set()
    for model, field in _references():
        rows = model._default_manager.filter(**{field: OuterRef("pk")})
        mine = Run.objects.filter(Exists(rows), pk__in=list(runs))
        named |= set(mine.values_list("pk", flat=True))
    return named


def _references() -> list[tuple[type[Model], str]]:
    """Models and their fields that refer to runs, other than what is a part of a run."""
    relations = [
        field
        for field in Run._meta.get_fields(include_hidden=True)
        if isinstance(field, ForeignObjectRel)
    ]
    return [
        (relation.related_model, relation.field.name)
        for relation in relations
        if relation.related_model not in (Run, Event, RunFile, RunSample, RunLog)
    ]
