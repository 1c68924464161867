"""A person's word on changes that wait: approve or reject, always a whole group at a time.

A decision and its entry in the audit trail are one transaction. What was decided stands until it
is applied: it may be taken back, and a later load that asks the same again finds it answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Sum

from popflix.lib import audit
from popflix.lib.errors import OperatorError
from popflix.lib.locks import again_when_locked
from reconcile.changes.approval.standing import Turned, lock_set, recount, shift
from reconcile.changes.finding.todo import ids_in_chunks
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose, SetState

__all__ = ["Decided", "Verdict", "decide", "decide_in", "recount", "require_open"]

DECIDABLE = (ChangeState.HELD, ChangeState.APPROVED, ChangeState.REJECTED)
_LONGEST_WHY = 200
_MOST_NAMED = 50
_WORDS = {
    ChangeState.APPLIED: "is in master already",
    ChangeState.STALE: "is stale: the master row was edited since",
    ChangeState.LOCKED: "is kept back by a lock",
    ChangeState.UNDONE: "was undone",
}
Actor = AbstractBaseUser | AnonymousUser | str


class Verdict(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"

    @property
    def state(self) -> ChangeState:
        is_approval = self is Verdict.APPROVE
        return ChangeState.APPROVED if is_approval else ChangeState.REJECTED


@dataclass(frozen=True)
class Decided:
    """`count` rows were decided, `linked` of them pulled in by the groups of the others."""

    count: int
    linked: int
    change_set: int


def decide(
    ids: Collection[int], verdict: Verdict, *, by: Actor, why: str, now: dt.datetime
) -> Decided:
    """Decide these changes of one set, and what is linked with them. Raises OperatorError."""
    act = partial(_decide, sorted(set(ids)), Verdict(verdict), by, why, now)
    return again_when_locked(act)


def _decide(ids: list[int], verdict: Verdict, by: Actor, why: str, now: dt.datetime) -> Decided:
    with transaction.atomic():
        decided = decide_in(ids, verdict, by=_name(by), why=why, now=now)
        if decided.count:
            details = {"changes": ids[:_MOST_NAMED], "linked": decided.linked}
            audit.record(
                by, f"{verdict} changes", at=now, target=f"change set {decided.change_set}",
                count=decided.count, why=why, details=details,
            )  # fmt: skip
    return decided


def decide_in(
    ids: Collection[int], verdict: Verdict, *, by: str, why: str, now: dt.datetime
) -> Decided:
    """Within the caller's transaction, and audited by it. Raises OperatorError."""
    change_set = _locked_set(ids)
    named = _require_decidable(ids)
    if not named:
        raise _gone()
    linked = _linked(change_set, named)
    wanted = verdict.state
    turned = {pk: of for pk, of in {**named, **linked}.items() if of.state != wanted}
    for some in ids_in_chunks(sorted(turned)):
        Change.objects.filter(pk__in=some).update(
            state=wanted, decided_by=by, decided_at=now, decided_why=why[:_LONGEST_WHY]
        )
    if turned:
        shift(change_set, [_turned(of) for of in turned.values()], wanted)
    pulled = sum(of.rows for pk, of in turned.items() if pk not in named)
    return Decided(sum(of.rows for of in turned.values()), pulled, change_set.pk)


def _locked_set(ids: Collection[int]) -> ChangeSet:
    sets: set[int] = set()
    for some in ids_in_chunks(sorted(ids)):
        found = Change.objects.filter(pk__in=some).order_by().values_list("change_set", flat=True)
        sets.update(found.distinct())
    if len(sets) > 1:
        raise OperatorError("These changes are of several sets.", "Decide one set at a time.")
    change_set = lock_set(sets.pop()) if sets else None
    if change_set is None:
        raise _gone()
    require_open(change_set)
    return change_set


def _gone() -> OperatorError:
    return OperatorError(
        "These changes are gone: a newer judgement took their place.", "Load the page again."
    )


def require_open(change_set: ChangeSet) -> None:
    """Raises OperatorError where nothing of the set may be decided any more."""
    if change_set.purpose == Purpose.UNDO:
        raise OperatorError(f"{_named(change_set)} undoes another.", "Undo it in its turn.")
    if change_set.purpose == Purpose.ZONE:
        if change_set.state == SetState.CLOSED:
            raise OperatorError(
                f"{_named(change_set)} was given up.", "Change the zone on the cinema's page."
            )
        return
    if change_set.finished_at is None and change_set.state != SetState.CLOSED:
        raise OperatorError(
            f"{_named(change_set)} is not complete: its run is at work, or broke off.",
            "Wait until it has ended; after a break run reconcile_shows again.",
        )
    is_past = change_set.state in (SetState.CLOSED, SetState.APPLIED)
    newer = newer_set(change_set) if is_past else None
    if newer is not None:
        raise OperatorError(
            f"A newer change set took the place of {change_set}.", f"Decide in change set {newer}."
        )
    if change_set.state == SetState.CLOSED:
        raise OperatorError(f"{_named(change_set)} is closed.", "Nothing of it differs any more.")


def newer_set(change_set: ChangeSet) -> int | None:
    """The newest of its source, where that came later."""
    sets = ChangeSet.objects.filter(source=change_set.source, purpose=Purpose.LOAD)
    newest = sets.order_by("-pk").values_list("pk", flat=True).first()
    return newest if newest is not None and newest > change_set.pk else None


class _Seen(NamedTuple):
    """A change as it stands; the names are those of its columns but for `rows`."""

    state: str
    rows: int
    kind: str
    cinema_id: int
    weekday: int
    group: int | None


_COLUMNS = ("pk", "state", "row_count", "kind", "cinema_id", "weekday", "group")
_Found = dict[int, _Seen]


def _require_decidable(ids: Collection[int]) -> _Found:
    found: _Found = {}
    for some in ids_in_chunks(sorted(ids)):
        for pk, *values in Change.objects.filter(pk__in=some).values_list(*_COLUMNS):
            found[pk] = seen = _Seen(*values)
            if seen.state not in DECIDABLE:
                raise OperatorError(
                    f"Change {pk} {_WORDS[ChangeState(seen.state)]}.",
                    "Leave it out, and decide again.",
                )
    return found


def _linked(change_set: ChangeSet, named: _Found) -> _Found:
    """What is approved or rejected together with these; of a change of zone all."""
    changes = change_set.changes.filter(state__in=DECIDABLE).order_by("pk")
    if change_set.purpose == Purpose.ZONE:
        rows = list(changes.values_list(*_COLUMNS))
    else:
        groups = {(of.cinema_id, of.group) for of in named.values() if of.group is not None}
        rows = []
        for cinemas in ids_in_chunks(sorted({cinema_id for cinema_id, _ in groups})):
            near = changes.filter(cinema_id__in=cinemas, group__isnull=False)
            rows += near.values_list(*_COLUMNS)
        rows = [each for each in rows if (each[4], each[6]) in groups]
    return {pk: _Seen(*values) for pk, *values in rows if pk not in named}


def _turned(of: _Seen) -> Turned:
    return Turned(of.kind, of.state, of.rows, (of.cinema_id, of.weekday))


def waiting_rows(change_set: int) -> int:
    """Of approved changes that are not in master yet."""
    waiting = Change.objects.filter(change_set=change_set, state=ChangeState.APPROVED)
    return int(waiting.aggregate(rows=Sum("row_count"))["rows"] or 0)


def _name(by: Actor) -> str:
    return by if isinstance(by, str) else str(by.get_username())


def _named(change_set: ChangeSet) -> str:
    return f"Change set {change_set.pk}"
