"""Shows that come into master: one by one, a whole day from staging, or back from being undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from reconcile.changes.approval.decisions import SHOWS
from reconcile.changes.finding.scope import day_bounds
from reconcile.changes.master import writing
from reconcile.changes.master.written import TAKEN, Rest, Written
from reconcile.changes.models import Change
from reconcile.changes.types import ChangeKind, Row
from reconcile.shows.models import MasterShow

_NOBODY = Row(0, "", 0, "", dt.datetime.min.replace(tzinfo=dt.UTC), "")


def succeeds(act: Callable[[], object]) -> bool:
    """False, and undone, where the table has the key already."""
    try:
        with transaction.atomic():
            act()
    except IntegrityError:
        return False
    return True


def insert(
    changes: Sequence[Change],
    zones: Mapping[int, ZoneInfo],
    now: dt.datetime,
    written: Written,
) -> None:
    """All inserts among the changes, in the caller's transaction."""
    new = [each for each in changes if each.kind == ChangeKind.INSERT]
    back = [each for each in new if each.undoes is not None]
    _insert_single([each for each in new if each.undoes is None and each.after], now, written)
    days = [each for each in new if each.undoes is None and not each.after]
    lacking = writing.lacking() if days else ""
    for each in days:
        _insert_day(each, zones[each.cinema_id], now, written, lacking)
    for each in back:
        _restore(each, now, written)


# --- new to master -------------------------------------------------------------------------------


def _insert_single(changes: Sequence[Change], now: dt.datetime, written: Written) -> None:
    if not changes:
        return
    highest = writing.highest_id()
    rows = {each.pk: writing.row_with(_NOBODY, each.after) for each in changes}
    placed = _placed(changes, rows, now)
    there = {each.pk for each in placed}
    for each in changes:
        if each.pk not in there:
            written.is_stale(each, TAKEN)
    ids = writing.ids_since(highest, {each.cinema_id for each in placed})
    for each in placed:
        written.applied.append(each.pk)
        pk = ids.get(rows[each.pk].key)
        if pk is not None:
            written.made[each.pk] = pk


def _placed(changes: Sequence[Change], rows: Mapping[int, Row], now: dt.datetime) -> list[Change]:
    """Those whose places were free: all at once, else the one half and then the other."""
    if succeeds(partial(writing.insert, [rows[each.pk] for each in changes], now)):
        return list(changes)
    if len(changes) == 1:
        return []
    middle = len(changes) // 2
    return _placed(changes[:middle], rows, now) + _placed(changes[middle:], rows, now)


def _insert_day(
    change: Change, zone: ZoneInfo, now: dt.datetime, written: Written, lacking: str
) -> None:
    """A day of a cinema that was new to master; what its table refuses is left out."""
    assert change.day is not None
    bounds = day_bounds(change.day, zone)
    inserted = 0

    def add(only: int = 0) -> None:
        nonlocal inserted
        inserted += writing.insert_staged(change.cinema_id, *bounds, now, lacking, only)

    if not succeeds(add):
        for pk in writing.staged_ids(change.cinema_id, *bounds, lacking):
            succeeds(partial(add, pk))
    if inserted < change.row_count:
        written.rests.append(Rest(change, change.row_count - inserted))
    written.applied.append(change.pk)


# --- back from being undone ----------------------------------------------------------------------


def _restore(change: Change, now: dt.datetime, written: Written) -> None:
    """Rows as they were, with their ids where those are free."""
    shows: Sequence[Mapping[str, Any]] = change.after.get(SHOWS, [change.after])
    ids = [int(show["id"]) for show in shows]
    taken = set(MasterShow.objects.filter(pk__in=ids).values_list("pk", flat=True))
    refused = [show for show in shows if not _is_restored(show, taken, now)]
    if len(refused) == len(shows):
        written.is_stale(change, TAKEN)
        return
    if refused:
        back = [show for show in shows if show not in refused]
        rest = Rest(
            change, len(refused), done={"after": {SHOWS: back}}, left={"after": {SHOWS: refused}}
        )
        written.rests.append(rest)
    if SHOWS not in change.after and ids[0] not in taken:
        written.made[change.pk] = ids[0]
    written.applied.append(change.pk)


def _is_restored(show: Mapping[str, Any], taken: set[int], now: dt.datetime) -> bool:
    pk = int(show["id"])
    row = writing.row_with(_NOBODY, show)
    since = dt.datetime.fromisoformat(show["created_at"])
    return succeeds(
        partial(writing.insert, [row], now, created_at=since, with_id=0 if pk in taken else pk)
    )
