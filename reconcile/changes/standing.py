"""How a change set stands: its counts and its state, true after each decision and each apply.

Every function works in its caller's transaction; `lock_set` comes first, so that of two who change
a set one sees what the other did.
"""

from __future__ import annotations

import datetime as dt

from reconcile.changes.history import HELD_SLICES, UNTIL_LOAD
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose, SetState
from reconcile.changes.scope import newest_load
from reconcile.changes.store import Counts, Digest, counts_of
from reconcile.changes.types import ChangeKind

# All that guards held, whatever was decided since; HELD_SLICES are what teaches nothing by now.
GUARDED_SLICES = "guarded_slices"
_DONE = (ChangeState.APPROVED, ChangeState.APPLIED)
_LEFT = (ChangeState.HELD, ChangeState.REJECTED, ChangeState.LOCKED, ChangeState.UNDONE)


def lock_set(pk: int) -> ChangeSet | None:
    """The set as it stands, held until the transaction ends."""
    return ChangeSet.objects.select_for_update().filter(pk=pk).first()


def recount(change_set: ChangeSet) -> None:
    """Its counts, and its state unless a run is at work on it: that says so when it ends."""
    _count(change_set)
    if change_set.state not in (SetState.APPLYING, SetState.CLOSED):
        change_set.state = state_of(change_set)
    if change_set.purpose == Purpose.LOAD and change_set.finished_at is not None:
        change_set.digest = _digest(change_set)
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
    unlearnt = (set(map(tuple, guarded or ())) - _released(change_set)) | _undone(change_set)
    if guarded or unlearnt:
        others |= {GUARDED_SLICES: guarded or [], HELD_SLICES: sorted(map(list, unlearnt))}
    change_set.counts = {**counts_of(change_set), **others}


def _undone(change_set: ChangeSet) -> set[tuple[int, int]]:
    """Slices that a load had wrong: it teaches nothing of them."""
    undone = change_set.changes.filter(state=ChangeState.UNDONE).order_by()
    return set(undone.values_list("cinema_id", "weekday").distinct())


def _released(change_set: ChangeSet) -> set[tuple[int, int]]:
    """Slices that a person let through: what the load has of them is normal from now on."""
    changes = change_set.changes.order_by().values_list("cinema_id", "weekday")
    let = changes.filter(state__in=_DONE).exclude(decided_by="").distinct()
    held = changes.filter(state=ChangeState.HELD).distinct()
    return set(let) - set(held)


def _digest(change_set: ChangeSet) -> str:
    """As the next judgement makes it where nothing differs but what is left."""
    digest = Digest()
    left = Change.objects.filter(change_set=change_set, state__in=_LEFT).order_by("pk")
    digest.add_stored(left)
    return str(digest)
