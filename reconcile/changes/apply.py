"""Approved changes into master, a batch of slices in each transaction.

    lock → is the row as it was seen? → park → deactivate → place → update → insert → applied

Each change is marked in the transaction that writes its row, so that a kill leaves none in doubt.
A row that somebody edited since is stale: it is left as it is, and differences are taken anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from popflix.engine.context import RunContext
from popflix.lib.locks import again_when_locked
from reconcile.changes import writing
from reconcile.changes.fingerprint import fingerprint
from reconcile.changes.models import Change, ChangeState
from reconcile.changes.scope import day_bounds
from reconcile.changes.todo import ids_in_chunks
from reconcile.changes.types import ChangeKind, Row
from reconcile.feed.lease import Lease

EDITED = "the master row was edited since"
TAKEN = "another row of master has this key"


@dataclass
class Written:
    """What became of a batch: ids of applied changes, reasons of stale ones. Of a day's changes
    `refused` are the rows that master's table did not take."""

    applied: list[int] = field(default_factory=list)
    stale: dict[str, list[int]] = field(default_factory=dict)
    refused: list[tuple[Change, int]] = field(default_factory=list)

    def is_stale(self, change: Change, why: str) -> None:
        self.stale.setdefault(why, []).append(change.pk)


def apply_approved(
    ctx: RunContext,
    lease: Lease,
    change_set: int,
    zones: Mapping[int, ZoneInfo],
    batch_size: int,
) -> bool:
    """Apply what is approved of a set; False: asked to stop before the end.

    Raises FenceLost and LeaseLost, the open batch undone.
    """
    for changes in _batches(change_set, batch_size):
        if ctx.should_stop():
            return False
        lease.prolong()
        again_when_locked(partial(_commit, ctx, changes, zones))
    return True


def _commit(ctx: RunContext, changes: Sequence[Change], zones: Mapping[int, ZoneInfo]) -> None:
    now = ctx.now()
    with ctx.commit(done=len(changes)):
        mark(write(changes, zones, now), now)


def _batches(change_set: int, size: int) -> Iterator[list[Change]]:
    """Whole slices of at most `size` rows; a larger one is cut, its moves coming first."""
    last = 0
    approved = Change.objects.filter(change_set=change_set, state=ChangeState.APPROVED)
    while read := list(approved.filter(pk__gt=last).order_by("pk")[:size]):
        fitting = [
            each
            for each, rows in zip(read, accumulate(each.row_count for each in read), strict=True)
            if rows <= size
        ] or read[:1]
        is_cut = len(fitting) < len(read) or len(read) == size
        batch = _whole_slices(fitting) if is_cut else fitting
        last = batch[-1].pk
        yield batch


def _whole_slices(batch: list[Change]) -> list[Change]:
    last = (batch[-1].cinema_id, batch[-1].weekday)
    whole = [each for each in batch if (each.cinema_id, each.weekday) != last]
    return whole or batch


def write(changes: Sequence[Change], zones: Mapping[int, ZoneInfo], now: dt.datetime) -> Written:
    """Write master's rows, inside the caller's transaction."""
    written = Written()
    wanted = _wanted(changes, now, written)
    moved = {pk: wanted.pop(pk) for pk in list(wanted) if wanted[pk][0].kind == ChangeKind.MOVE}
    missing = [each for each in wanted.values() if each[0].kind == ChangeKind.MISSING]
    others = [each for each in wanted.values() if each[0].kind != ChangeKind.MISSING]
    writing.put([row for _, row in missing], now)
    _place_all(list(moved.values()), now, written)
    writing.put([row for _, row in others], now)
    written.applied += [change.pk for change, _ in (*missing, *others)]
    _insert(changes, zones, now, written)
    return written


def mark(written: Written, now: dt.datetime) -> None:
    """Say of each change what became of it."""
    for some in ids_in_chunks(written.applied):
        Change.objects.filter(pk__in=some).update(state=ChangeState.APPLIED, applied_at=now)
    for why, ids in written.stale.items():
        for some in ids_in_chunks(ids):
            Change.objects.filter(pk__in=some).update(state=ChangeState.STALE, reason=why)
    for change, rows in written.refused:
        Change.objects.filter(pk=change.pk).update(row_count=change.row_count - rows)
        rest = copy(change)  # the batch itself may be tried again
        rest.pk, rest.row_count = None, rows
        rest.state, rest.reason = ChangeState.STALE, TAKEN
        rest.save(force_insert=True)


def _wanted(
    changes: Sequence[Change], now: dt.datetime, written: Written
) -> dict[int, tuple[Change, Row]]:
    """By master's id the changes that still fit, with the rows as they shall be."""
    of_master = [each for each in changes if each.master_id is not None]
    locked = writing.lock(each.master_id for each in of_master if each.master_id is not None)
    found = {}
    for change in of_master:
        row = locked.get(change.master_id or 0)
        if row is None or fingerprint(row) != change.fingerprint or _is_done(change, row):
            written.is_stale(change, EDITED)
            continue
        after = writing.row_with(row, change.after)
        is_missing = change.kind == ChangeKind.MISSING
        found[row.id] = (change, replace(after, missing_since=now) if is_missing else after)
    return found


def _is_done(change: Change, row: Row) -> bool:
    """Somebody else declared it missing, or there again, since."""
    return (row.missing_since is None) == (change.kind == ChangeKind.REVIVE)


# --- moves --------------------------------------------------------------------------------------


def _place_all(moved: Sequence[tuple[Change, Row]], now: dt.datetime, written: Written) -> None:
    """All at once, so that shows may swap their places; where that fails, one by one."""
    if not moved:
        return
    if _succeeds(partial(_place, moved, now)):
        written.applied += [change.pk for change, _ in moved]
        return
    for each in moved:
        if _succeeds(partial(_place, [each], now)):
            written.applied.append(each[0].pk)
        else:
            written.is_stale(each[0], TAKEN)


def _place(moved: Sequence[tuple[Change, Row]], now: dt.datetime) -> None:
    writing.park(row.id for _, row in moved)
    writing.put([row for _, row in moved], now)


def _succeeds(act: Callable[[], object]) -> bool:
    """False, and undone, where the table has the key already."""
    try:
        with transaction.atomic():
            act()
    except IntegrityError:
        return False
    return True


# --- new shows ----------------------------------------------------------------------------------


def _insert(
    changes: Sequence[Change],
    zones: Mapping[int, ZoneInfo],
    now: dt.datetime,
    written: Written,
) -> None:
    new = [each for each in changes if each.kind == ChangeKind.INSERT]
    single = [(each, writing.row_with(_NOBODY, each.after)) for each in new if each.after]
    if single and _succeeds(partial(writing.insert, [row for _, row in single], now)):
        written.applied += [change.pk for change, _ in single]
    else:
        for change, row in single:
            if _succeeds(partial(writing.insert, [row], now)):
                written.applied.append(change.pk)
            else:
                written.is_stale(change, TAKEN)
    for each in new:
        if not each.after:
            _insert_day(each, zones[each.cinema_id], now, written)


def _insert_day(change: Change, zone: ZoneInfo, now: dt.datetime, written: Written) -> None:
    """A day of a cinema that was new to master; what its table refuses is left out."""
    assert change.day is not None
    bounds = day_bounds(change.day, zone)
    inserted = 0

    def insert(only: int = 0) -> None:
        nonlocal inserted
        inserted += writing.insert_staged(change.cinema_id, *bounds, now, only)

    if not _succeeds(insert):
        for pk in writing.staged_ids(change.cinema_id, *bounds):
            _succeeds(partial(insert, pk))
    if inserted < change.row_count:
        written.refused.append((change, change.row_count - inserted))
    written.applied.append(change.pk)


_NOBODY = Row(0, "", 0, "", dt.datetime.min.replace(tzinfo=dt.UTC), "")
