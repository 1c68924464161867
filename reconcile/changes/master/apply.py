"""Approved changes into master, a batch of slices in each transaction.

    lock → is the row as it was seen? → remove → deactivate → park → place → update → insert

Each change is marked in the transaction that writes its row, so that a kill leaves none in doubt.
A row that somebody edited since is stale: it is left as it is, and differences are taken anew.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from zoneinfo import ZoneInfo

from popflix.engine.context import RunContext
from popflix.lib.batches import chunk
from popflix.lib.locks import again_when_locked
from reconcile.changes.approval.standing import lock_set
from reconcile.changes.finding.kept import crossing
from reconcile.changes.master import writing
from reconcile.changes.master.new_shows import insert, succeeds
from reconcile.changes.master.removing import remove_days
from reconcile.changes.master.written import EDITED, LOCKED, Written, mark
from reconcile.changes.models import Change, ChangeState
from reconcile.changes.policy.fingerprint import fingerprint
from reconcile.changes.policy.grouping import folded
from reconcile.changes.types import ChangeKind, Row
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

    A move into a place that its show leaves in a later batch only waits for that: as long as
    any of those that wait finds its place, the others are tried again. Raises FenceLost and
    LeaseLost, the open batch undone.
    """
    passing = _Pass(ctx, lease, zones)
    waiting = passing.through(_batches(change_set, batch_size))
    while waiting:
        again = passing.through(_again(waiting, batch_size), is_new=False)
        if again is not None and len(again) == len(waiting):
            again = passing.through(_again(waiting, batch_size), is_new=False, may_wait=False)
        waiting = again
    return waiting is not None


@dataclass(frozen=True)
class _Pass:
    ctx: RunContext
    lease: Lease
    zones: Mapping[int, ZoneInfo]

    def through(
        self, batches: Iterable[list[Change]], *, is_new: bool = True, may_wait: bool = True
    ) -> list[int] | None:
        """Apply them; the ids of moves whose place is taken yet, None: asked to stop."""
        waiting: list[int] = []
        for changes in batches:
            if self.ctx.should_stop():
                return None
            self.lease.prolong()
            waiting += again_when_locked(partial(self._commit, changes, is_new, may_wait))
        return waiting

    def _commit(self, changes: Sequence[Change], is_new: bool, may_wait: bool) -> list[int]:
        now = self.ctx.now()
        with self.ctx.commit(done=len(changes) if is_new else 0):
            approved = _still_approved(changes)
            written = write(approved, self.zones, now, may_wait=may_wait)
            mark(written, approved, now)
        return written.waiting


def _still_approved(changes: Sequence[Change]) -> Sequence[Change]:
    """Without what a person took back since it was read; the next decision waits for this one."""
    lock_set(changes[0].change_set_id)
    approved = Change.objects.filter(
        change_set=changes[0].change_set_id, state=ChangeState.APPROVED,
        pk__gte=changes[0].pk, pk__lte=changes[-1].pk,
    )  # fmt: skip
    ids = set(approved.values_list("pk", flat=True))
    return [each for each in changes if each.pk in ids]


def _again(ids: Sequence[int], size: int) -> Iterator[list[Change]]:
    for some in chunk(ids, size):
        if read := list(Change.objects.filter(pk__in=some).order_by("pk")):
            yield read


def _batches(change_set: int, size: int) -> Iterator[list[Change]]:
    """Whole slices of at most `size` rows; a larger one is cut, its moves coming first.

    What is left over of a page begins the next batch: each change is read once.
    """
    read, last, is_end = list[Change](), 0, False
    approved = Change.objects.filter(change_set=change_set, state=ChangeState.APPROVED)
    while True:
        if not is_end and sum(each.row_count for each in read) <= size:
            page = list(approved.filter(pk__gt=last).order_by("pk")[:size])
            read, is_end = read + page, len(page) < size
            last = page[-1].pk if page else last
        if not read:
            return
        batch = _first_batch(read, size, is_end=is_end)
        read = read[len(batch) :]
        yield batch


def _first_batch(read: list[Change], size: int, *, is_end: bool) -> list[Change]:
    sizes = accumulate(each.row_count for each in read)
    fitting = [each for each, rows in zip(read, sizes, strict=True) if rows <= size] or read[:1]
    is_cut = len(fitting) < len(read) or not is_end
    return _whole_slices(fitting) if is_cut else fitting


def _whole_slices(batch: list[Change]) -> list[Change]:
    last = (batch[-1].cinema_id, batch[-1].weekday)
    end = len(batch)
    while end and (batch[end - 1].cinema_id, batch[end - 1].weekday) == last:
        end -= 1
    return batch[:end] or batch


def write(
    changes: Sequence[Change],
    zones: Mapping[int, ZoneInfo],
    now: dt.datetime,
    *,
    may_wait: bool = False,
) -> Written:
    """Write master's rows, inside the caller's transaction. With `may_wait` moves whose place is
    taken are left as they are."""
    written = Written(may_wait=may_wait)
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
    writing.put([row for _, row in others], now, {name for one, _ in others for name in one.after})
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
    """All at once, so that shows may swap their places; where that fails, those whose places are
    free or become so. What may not wait for a later batch is tried one by one, again and again
    as long as one gives way."""
    left = _placed(moved, moved, now, written)
    if left:
        left = _placed(left, _free(left), now, written)
    while left and not written.may_wait:
        before = len(left)
        for each in list(left):
            left = _placed(left, [each], now, written)
        if len(left) == before:
            break
    for change, _ in left:
        written.is_taken(change)


def _placed(
    left: Sequence[Wanted], some: Sequence[Wanted], now: dt.datetime, written: Written
) -> list[Wanted]:
    """Place some of them; what is left then."""
    if not some or not succeeds(partial(_place, some, now)):
        return list(left)
    done = {change.pk for change, _ in some}
    written.applied += done
    return [each for each in left if each[0].pk not in done]


def _free(moved: Sequence[Wanted]) -> list[Wanted]:
    """Those that wait for nobody but one another: every place that they shall have is free, or
    is left by one of them."""
    rows = {row.id: row for _, row in moved}
    holders = writing.holders(row.key for row in rows.values())
    blocked = {
        pk for pk, row in rows.items() if holders.get(folded(row.key), pk) not in rows
    }  # fmt: skip
    followers = {holders.get(folded(row.key)): pk for pk, row in rows.items()}
    for each in list(blocked):
        while (each := followers.get(each, 0)) and each not in blocked:
            blocked.add(each)
    return [each for each in moved if each[1].id not in blocked]


def _place(moved: Sequence[Wanted], now: dt.datetime) -> None:
    writing.park(row.id for _, row in moved)
    writing.put([row for _, row in moved], now)
