"""How a change set stands: its counts and its state, true after each decision and each apply.

Every function works in its caller's transaction; `lock_set` comes first, so that of two who change
a set one sees what the other did.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from copy import deepcopy
from dataclasses import dataclass

from django.db.models import QuerySet

from reconcile.changes.finding.history import HELD_SLICES, UNTIL_LOAD
from reconcile.changes.finding.scope import newest_load
from reconcile.changes.judging.store import TO_BE_TAKEN, Counts, counts_of
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose, SetState
from reconcile.changes.types import ChangeKind

# All that guards held, whatever was decided since; HELD_SLICES are what teaches nothing by now.
GUARDED_SLICES = "guarded_slices"
_DONE = (ChangeState.APPROVED, ChangeState.APPLIED)
Slice = tuple[int, int]  # cinema and weekday


@dataclass(frozen=True)
class Turned:
    """A change whose state a person changes: what it was, and where."""

    kind: str
    was: str
    rows: int
    at: Slice


def lock_set(pk: int) -> ChangeSet | None:
    """The set as it stands, held until the transaction ends."""
    return ChangeSet.objects.select_for_update().filter(pk=pk).first()


def recount(change_set: ChangeSet) -> None:
    """Its counts, and its state unless a run is at work on it: that says so when it ends."""
    _count(change_set)
    _stand(change_set)


def shift(change_set: ChangeSet, turned: Collection[Turned], to: str) -> None:
    """`recount` after a decision, at the price of what was decided alone: a large set has
    hundreds of thousands of changes, and each click of a person counts."""
    counts = deepcopy(change_set.counts)
    for each in turned:
        of = counts.setdefault(each.kind, {})
        of[each.was] = of.get(each.was, 0) - each.rows
        of[to] = of.get(to, 0) + each.rows
    kinds = [counts[kind] for kind in ChangeKind if kind in counts]
    if any(rows < 0 for of in kinds for rows in of.values()):
        recount(change_set)  # they were not true before
        return
    for of in kinds:
        for state in [state for state, rows in of.items() if not rows]:
            del of[state]
    if HELD_SLICES in counts:
        touched = {each.at for each in turned}
        others = set(map(tuple, counts[HELD_SLICES])) - touched
        guarded = touched & set(map(tuple, counts.setdefault(GUARDED_SLICES, counts[HELD_SLICES])))
        near = _near(change_set, touched)
        unlearnt = others | (guarded - _released(near)) | (touched & _undone(near))
        counts[HELD_SLICES] = sorted(map(list, unlearnt))
    change_set.counts = counts
    _stand(change_set)


def _stand(change_set: ChangeSet) -> None:
    """By its counts, which are true now."""
    if change_set.state not in (SetState.APPLYING, SetState.CLOSED):
        change_set.state = state_of(change_set)
    if change_set.purpose == Purpose.LOAD and change_set.finished_at is not None:
        change_set.digest = TO_BE_TAKEN
        _stop_unlearning(change_set)
    change_set.save(update_fields=["counts", "state", "digest"])


def settle(change_set: ChangeSet, now: dt.datetime) -> None:
    """Nobody works on it any more: whatever is approved is in master by now."""
    change_set.state, change_set.finished_at = SetState.OPEN, now
    recount(change_set)
    change_set.save(update_fields=["finished_at"])


def state_of(change_set: ChangeSet) -> SetState:
    """By its counts."""
    states = {state for of in _by_kind(change_set).values() for state, rows in of.items() if rows}
    if ChangeState.HELD in states:
        return SetState.OPEN
    if ChangeState.APPROVED in states:
        return SetState.APPLYING
    is_refused = change_set.purpose == Purpose.ZONE and ChangeState.APPLIED not in states
    return SetState.CLOSED if is_refused else SetState.APPLIED


def _stop_unlearning(change_set: ChangeSet) -> None:
    """Loads to come teach again what is normal, once nothing waits."""
    counts = change_set.counts
    if HELD_SLICES in counts and UNTIL_LOAD not in counts and change_set.state != SetState.OPEN:
        newest = newest_load(change_set.source)
        if newest is not None:
            change_set.counts = {**counts, UNTIL_LOAD: newest.pk + 1}


def _by_kind(change_set: ChangeSet) -> Counts:
    return {kind: change_set.counts[kind] for kind in ChangeKind if kind in change_set.counts}


def _count(change_set: ChangeSet) -> None:
    """Figures that stand beside those of the kinds stay."""
    others = {
        name: value for name, value in change_set.counts.items() if name not in list(ChangeKind)
    }
    guarded = others.pop(GUARDED_SLICES, None)
    held = others.pop(HELD_SLICES, None)
    guarded = held if guarded is None else guarded
    changes = change_set.changes.all()
    unlearnt = (set(map(tuple, guarded or ())) - _released(changes)) | _undone(changes)
    if guarded or unlearnt:
        others |= {GUARDED_SLICES: guarded or [], HELD_SLICES: sorted(map(list, unlearnt))}
    change_set.counts = {**counts_of(change_set), **others}


def _near(change_set: ChangeSet, slices: Iterable[Slice]) -> QuerySet[Change]:
    """Those of the slices, and few others: an index leads to them."""
    cinemas, weekdays = map(set, zip(*slices, strict=True))
    return change_set.changes.filter(cinema_id__in=cinemas, weekday__in=weekdays)


def _undone(changes: QuerySet[Change]) -> set[Slice]:
    """Slices that a load had wrong: it teaches nothing of them."""
    undone = changes.filter(state=ChangeState.UNDONE).order_by()
    return set(undone.values_list("cinema_id", "weekday").distinct())


def _released(changes: QuerySet[Change]) -> set[Slice]:
    """Slices that a person let through: what the load has of them is normal from now on."""
    slices = changes.order_by().values_list("cinema_id", "weekday").distinct()
    let = slices.filter(state__in=_DONE).exclude(decided_by="")
    return set(let) - set(slices.filter(state=ChangeState.HELD))
