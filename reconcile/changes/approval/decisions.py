"""What persons decided of changes, for judgements that find the same difference again.

Rejected stays rejected, and so does what somebody undid; approved is approved, whatever a guard
says, until it is applied. What was rejected and comes together with something else waits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose
from reconcile.changes.policy.diff import ALL
from reconcile.changes.policy.proposal import (
    Decision,
    State,
    day_identity,
    identity,
    value_identity,
)
from reconcile.changes.types import ChangeKind

_DECIDED = Q(state__in=[ChangeState.REJECTED, ChangeState.UNDONE]) | (
    Q(state=ChangeState.APPROVED) & ~Q(decided_by="")
)
_GIVING = (ChangeKind.UPDATE, ChangeKind.MOVE)
_READ_AT_ONCE = 2_000
_STATES = {ChangeState.APPROVED.value: State.APPROVED}
SHOWS = "shows"  # in what removes a whole day: its shows, one by one
Known = Mapping[str, Decision]


def decisions(source: str, cinemas: Collection[int]) -> dict[str, Decision]:
    """Of these cinemas, by the identity of the change; the newest word counts."""
    changes = Change.objects.filter(
        _DECIDED, change_set__source=source, change_set__purpose=Purpose.LOAD,
        cinema_id__in=list(cinemas),
    )  # fmt: skip
    undone = changes.filter(state=ChangeState.UNDONE).order_by()
    undoing = _undoing(set(undone.values_list("change_set", flat=True).distinct()))
    found: dict[str, Decision] = {}
    for each in _paged(changes):
        made = undoing.get(each.change_set_id) if _is_undone(each) else None
        decision = made or _decision(each)
        found[identity_of(each)] = decision
        if is_day(each):
            found[day_identity(each.cinema_id, each.day)] = decision
        for name in values_of(each):
            if decision.state is State.REJECTED:
                found[name] = decision
            else:
                found.pop(name, None)
    return {**found, **_of_removed_days(source, cinemas)}


def _paged(changes: QuerySet[Change]) -> Iterator[Change]:
    """In the order in which they were stored, never many at a time: a set that was undone has
    hundreds of thousands, each with what it says."""
    last = 0
    while read := list(changes.filter(pk__gt=last).order_by("pk")[:_READ_AT_ONCE]):
        yield from read
        last = read[-1].pk


def identity_of(change: Change) -> str:
    """As the proposal's own. An applied insert names its row, which no proposal can."""
    return identity(
        change.kind,
        change.cinema_id,
        change.day,
        None if change.kind == ChangeKind.INSERT else change.master_id,
        change.before,
        change.after,
        change.fingerprint,
        change.row_count,
    )


def values_of(change: Change) -> list[str]:
    """By the identity of each what the change gives to a show of master."""
    if change.kind not in _GIVING or change.master_id is None:
        return []
    return [
        value_identity(change.master_id, name, value)
        for name, value in change.after.items()
        if name in ALL
    ]


def is_day(change: Change) -> bool:
    """A whole day of a cinema that was new to master."""
    return change.kind == ChangeKind.INSERT and not change.after


def late(changes: Iterable[Change], known: Known) -> dict[str, Change]:
    """By identity those that a person decided since `known` was read."""
    found = {}
    for each in changes:
        if each.decided_by and each.state in (ChangeState.APPROVED, ChangeState.REJECTED):
            name = identity_of(each)
            earlier = known.get(name)
            if earlier is None or earlier.state != _STATES.get(each.state, State.REJECTED):
                found[name] = each
    return found


def _decision(change: Change) -> Decision:
    state = _STATES.get(change.state, State.REJECTED)
    return Decision(change.decided_by, change.decided_at, change.reason, change.decided_why, state)


def _is_undone(change: Change) -> bool:
    return change.state == ChangeState.UNDONE


def _undoing(sets: Collection[int]) -> dict[int, Decision]:
    """By the set that was undone who wanted it."""
    found = ChangeSet.objects.filter(purpose=Purpose.UNDO, undoes__in=list(sets)).order_by("pk")
    return {
        each.undoes_id: _told(each.pk, each.created_at, each.details)
        for each in (found if sets else [])
        if each.undoes_id is not None
    }


def _of_removed_days(source: str, cinemas: Collection[int]) -> dict[str, Decision]:
    """Once some shows of an undone day were kept, the others are new to master one by one."""
    removed = Change.objects.filter(
        change_set__source=source, change_set__purpose=Purpose.UNDO, kind=ChangeKind.REMOVE,
        master_id=None, state=ChangeState.APPLIED, cinema_id__in=list(cinemas),
    ).select_related("change_set")  # fmt: skip
    found = {}
    for each in _paged(removed):
        made = each.change_set
        decision = _told(made.pk, made.created_at, made.details)
        for show in _shows(each):
            after = {name: show[name] for name in ALL}
            found[identity(ChangeKind.INSERT, each.cinema_id, each.day, None, {}, after, "")] = (
                decision
            )
    return found


def _shows(change: Change) -> Sequence[Mapping[str, Any]]:
    shows: Sequence[Mapping[str, Any]] = change.before.get(SHOWS, ())
    return shows


def _told(number: int, at: dt.datetime, details: Mapping[str, Any]) -> Decision:
    by, why = str(details.get("by", "")), str(details.get("why", ""))
    return Decision(by, at, f"change set {number} undid it", why)
