"""How staged shows stand to master: of the rows of a page alone, in two queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Max, QuerySet

from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose
from reconcile.changes.types import COMPARED, KEY
from reconcile.shows.models import MasterShow, Show, SyncShow

_DONE = (ChangeState.APPLIED, ChangeState.UNDONE)


class Word(StrEnum):
    SAME = "same"
    NEW = "new"  # master has no show with its key
    OTHER = "other"  # the same key, other values
    BACK = "back"  # master has it as missing


@dataclass(frozen=True)
class Standing:
    """`fields` differ; `change` is of a newest change set and was not applied."""

    word: Word
    fields: tuple[str, ...] = ()
    master: MasterShow | None = None
    change: Change | None = None


def standings(shows: Sequence[SyncShow]) -> dict[int, Standing]:
    """By the staged row's id."""
    if not shows:
        return {}
    master = _in_master(shows)
    waiting = _waiting().filter(
        cinema_id__in={each.cinema_id for each in shows}, sync_id__in=[each.pk for each in shows]
    )
    changes = {each.sync_id: each for each in waiting.order_by("pk")}
    return {
        each.pk: _standing(each, master.get(_key(each)), changes.get(each.pk)) for each in shows
    }


def _in_master(shows: Sequence[SyncShow]) -> dict[tuple[Any, ...], MasterShow]:
    """A little more is read than is wanted: what begins at these cinemas at these times."""
    near = MasterShow.objects.filter(
        cinema_id__in={each.cinema_id for each in shows},
        show_time__in={each.show_time for each in shows},
    )
    return {_key(each): each for each in near}


def _key(show: Show) -> tuple[Any, ...]:
    return tuple(getattr(show, name) for name in KEY)


def _standing(show: SyncShow, master: MasterShow | None, change: Change | None) -> Standing:
    if master is None:
        return Standing(Word.NEW, change=change)
    fields = tuple(name for name in COMPARED if getattr(show, name) != getattr(master, name))
    if master.missing_since is not None:
        return Standing(Word.BACK, fields, master, change)
    return Standing(Word.OTHER if fields else Word.SAME, fields, master, change)


def waiting_ids(kind: str = "") -> QuerySet[Any, Any]:
    """The staged rows that a newest change set wants something of, and did not get: asked by the
    index of the sets, whatever the size of staging."""
    found = _waiting().filter(sync_id__isnull=False)
    return (found.filter(kind=kind) if kind else found).order_by().values("sync_id")


def _waiting() -> QuerySet[Change]:
    """What the newest change set of each feed did not apply."""
    sets = ChangeSet.objects.filter(purpose=Purpose.LOAD).order_by().values("source")
    newest = sets.annotate(newest=Max("pk")).values("newest")
    return Change.objects.filter(change_set__in=newest).exclude(state__in=_DONE)
