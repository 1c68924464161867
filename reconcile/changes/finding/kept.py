"""Which fields of master an operator keeps, as a judgement and a writer have to mind them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from popflix.lib import field_locks
from popflix.lib.batches import chunk
from popflix.lib.models import FieldLock, LockMode
from reconcile.changes.finding.rows import rows_of
from reconcile.changes.finding.scope import Scope
from reconcile.changes.models import Change
from reconcile.changes.policy import diff
from reconcile.changes.policy.locking import (
    PLACE,
    Displaced,
    Locked,
    crossed,
    displaced,
    has_passed,
)
from reconcile.changes.policy.proposal import Key
from reconcile.changes.types import COMPARED, KEY, Row
from reconcile.shows.models import MasterShow, SyncShow

TABLE = "reconcile.mastershow"
FEED = "feed"  # who unlocks what the feed agrees with
_ROWS_AT_ONCE = 200


@dataclass(frozen=True)
class Locks:
    """Those of one judgement. `displaced` are master's shows whose place is kept, by cinema."""

    now: dt.datetime
    displaced: Mapping[int, Sequence[Displaced]] = field(default_factory=dict)

    def of(self, rows: Collection[Row]) -> dict[int, Locked]:
        return locked_of(rows, self.now)


def locks_for(scope: Scope) -> Locks | None:
    """None where no field of master is locked, at the price of one look into an index."""
    if not field_locks.are_there(TABLE):
        return None
    found: dict[int, list[Displaced]] = defaultdict(list)
    placed = FieldLock.objects.filter(table=TABLE, field__in=PLACE)
    for rows, _ in _locked_rows(placed, scope):
        locked = locked_of(list(rows.values()), scope.now)
        elsewhere = [displaced(row, locked.get(row.id, {})) for row in rows.values()]
        missed = [each for each in elsewhere if each is not None]
        staged = staged_at(each.row.key for each in missed)
        for each in missed:
            if each.row.key not in staged:
                found[each.row.cinema_id].append(each)
    return Locks(scope.now, dict(found))


def locked_of(rows: Collection[Row], now: dt.datetime) -> dict[int, Locked]:
    """By master's id the fields that are locked at this moment, with what the feed said."""
    if not rows:
        return {}
    by_row = field_locks.locks_of(TABLE, [row.id for row in rows], now)
    found: dict[int, Locked] = {}
    for row in rows:
        is_over = has_passed(row, now)
        fields = {
            name: each.feed_value
            for name, each in by_row.get(str(row.id), {}).items()
            if not (is_over and each.mode == LockMode.PASSED)
        }
        if fields:
            found[row.id] = fields
    return found


def crossing(changes: Iterable[Change], rows: Mapping[int, Row], now: dt.datetime) -> set[int]:
    """The ids of those changes that would cross a lock. `rows` are master's, held by the caller:
    nobody locks another field of them before the transaction ends."""
    if not rows or not field_locks.are_there(TABLE):
        return set()
    locked = locked_of(list(rows.values()), now)
    return {
        each.pk
        for each in changes
        if each.master_id in locked and crossed(each.kind, each.after, locked[each.master_id])
    }


def staged_at(keys: Iterable[Key]) -> dict[Key, Row]:
    """The staged rows that have just these keys."""
    found: dict[Key, Row] = {}
    for some in chunk(sorted(set(keys)), _ROWS_AT_ONCE):
        rows = SyncShow.objects.filter(
            cinema_id__in={key[1] for key in some}, show_time__in={key[3] for key in some}
        )
        wanted = set(some)
        for values in rows.values_list("pk", *KEY, *COMPARED):
            row = Row(*values)
            if row.key in wanted:
                found[row.key] = row
    return found


# --- until the feed agrees -----------------------------------------------------------------------


def agreed(scope: Scope) -> dict[int, list[str]]:
    """By master's id the fields locked until the feed agrees, where by now it does."""
    locks = FieldLock.objects.filter(table=TABLE, mode=LockMode.AGREES)
    found: dict[int, list[str]] = {}
    for rows, fields in _locked_rows(locks, scope):
        locked = locked_of(list(rows.values()), scope.now)
        known = {
            pk: elsewhere.key
            for pk, row in rows.items()
            if (elsewhere := displaced(row, locked.get(pk, {}))) is not None
        }
        staged = staged_at([*(row.key for row in rows.values()), *known.values()])
        for pk, row in rows.items():
            there = staged.get(row.key) or staged.get(known.get(pk, row.key))
            if there is not None:
                differing = diff.changed(there, row, diff.ALL)
                same = [name for name in fields[pk] if name not in differing]
                found.update({pk: same} if same else {})
    return found


def dissolve(found: Mapping[int, Sequence[str]], now: dt.datetime) -> None:
    """Unlock what `agreed` found, in the caller's transaction."""
    for pk, fields in found.items():
        why = "The feed says what master says."
        field_locks.unlock(TABLE, pk, fields, by=FEED, at=now, why=why, target=f"show {pk}")


def _locked_rows(
    locks: Iterable[FieldLock], scope: Scope
) -> Iterator[tuple[dict[int, Row], dict[int, list[str]]]]:
    """Master's rows of these locks at the judged cinemas, some at a time, and their fields."""
    fields: dict[int, list[str]] = defaultdict(list)
    for each in locks:
        if each.row.isdecimal():
            fields[int(each.row)].append(each.field)
    for some in chunk(sorted(fields), _ROWS_AT_ONCE):
        rows = {
            pk: row for pk, row in rows_of(MasterShow, some).items()
            if row.cinema_id in scope.zones
        }  # fmt: skip
        if rows:
            yield rows, fields
