"""Approved changes into master, a batch of slices in each transaction.

    lock → is the row as it was seen? → remove → deactivate → park → place → update → insert

Each change is marked in the transaction that writes its row, so that a kill leaves none in doubt.
A row that somebody edited since is stale: it is left as it is, and differences are taken anew.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from zoneinfo import ZoneInfo

from popflix.engine.context import RunContext
from popflix.lib.locks import again_when_locked
from reconcile.changes import writing
from reconcile.changes.fingerprint import fingerprint
from reconcile.changes.kept import crossing
from reconcile.changes.models import Change, ChangeState
from reconcile.changes.new_shows import insert, succeeds
from reconcile.changes.removing import remove_days
from reconcile.changes.standing import lock_set
from reconcile.changes.types import ChangeKind, Row
from reconcile.changes.written import EDITED, LOCKED, TAKEN, Written, mark
from reconcile.feed.lease import Lease

Wanted = tuple[Change, Row]


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
        approved = _still_approved(changes)
        mark(write(approved, zones, now), approved, now)


def _still_approved(changes: Sequence[Change]) -> Sequence[Change]:
    """Without what a person took back since it was read; the next decision waits for this one."""
    lock_set(changes[0].change_set_id)
    within = {"pk__gte": changes[0].pk, "pk__lte": changes[-1].pk}
    approved = Change.objects.filter(
        change_set=changes[0].change_set_id, state=ChangeState.APPROVED, **within
    )
    if approved.count() == len(changes):
        return changes
    ids = set(approved.values_list("pk", flat=True))
    return [each for each in changes if each.pk in ids]


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
    end = len(batch)
    while end and (batch[end - 1].cinema_id, batch[end - 1].weekday) == last:
        end -= 1
    return batch[:end] or batch


def write(changes: Sequence[Change], zones: Mapping[int, ZoneInfo], now: dt.datetime) -> Written:
    """Write master's rows, inside the caller's transaction."""
    written = Written()
    wanted = _wanted(changes, now, written)
    of_kind: dict[str, list[Wanted]] = defaultdict(list)
    for each in wanted.values():
        of_kind[each[0].kind].append(each)
    removed, missing, moved = (
        of_kind.pop(kind, []) for kind in (ChangeKind.REMOVE, ChangeKind.MISSING, ChangeKind.MOVE)
    )
    others = [each for some in of_kind.values() for each in some]
    writing.remove(row.id for _, row in removed)
    remove_days(changes, now, written)
    writing.put([row for _, row in missing], now)
    _place_all(moved, now, written)
    writing.put([row for _, row in others], now)
    written.applied += [change.pk for change, _ in (*removed, *missing, *others)]
    insert(changes, zones, now, written)
    return written


def _wanted(changes: Sequence[Change], now: dt.datetime, written: Written) -> dict[int, Wanted]:
    """By master's id the changes that still fit, with the rows as they shall be."""
    of_master = [
        each for each in changes if each.master_id is not None and each.kind != ChangeKind.INSERT
    ]
    locked = writing.lock(each.master_id for each in of_master if each.master_id is not None)
    kept = crossing(of_master, locked, now)
    found = {}
    for change in of_master:
        row = locked.get(change.master_id or 0)
        if change.pk in kept:
            written.is_stale(change, LOCKED)
            continue
        if row is None or fingerprint(row) != change.fingerprint or _is_done(change, row):
            written.is_stale(change, EDITED)
            continue
        after = writing.row_with(row, change.after)
        if change.kind == ChangeKind.MISSING and after.missing_since is None:
            after = replace(after, missing_since=now)
        found[row.id] = (change, after)
    return found


def _is_done(change: Change, row: Row) -> bool:
    """Somebody else declared it missing, or there again, since."""
    return (row.missing_since is None) == (change.kind == ChangeKind.REVIVE)


# --- moves --------------------------------------------------------------------------------------


def _place_all(moved: Sequence[Wanted], now: dt.datetime, written: Written) -> None:
    """All at once, so that shows may swap their places; where that fails, one by one, again and
    again as long as one of them gives up a place that another one waits for."""
    left = list(moved)
    if left and succeeds(partial(_place, left, now)):
        written.applied += [change.pk for change, _ in left]
        return
    while left:
        refused = [each for each in left if not succeeds(partial(_place, [each], now))]
        written.applied += [change.pk for change, _ in left if not _is_in(change, refused)]
        if len(refused) == len(left):
            break
        left = refused
    for change, _ in left:
        written.is_stale(change, TAKEN)


def _is_in(change: Change, some: Sequence[Wanted]) -> bool:
    return any(each is change for each, _ in some)


def _place(moved: Sequence[Wanted], now: dt.datetime) -> None:
    writing.park(row.id for _, row in moved)
    writing.put([row for _, row in moved], now)
