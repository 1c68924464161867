"""Change sets and their changes in the database; every function works in its caller's commit."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce

from reconcile.changes.history import HELD_SLICES, UNTIL_LOAD
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose, SetState
from reconcile.changes.proposal import Decision, Proposal, State, identity
from reconcile.changes.scope import Scope
from reconcile.changes.todo import ids_in_chunks
from reconcile.shows.models import MasterShow

_UNDECIDED = (SetState.OPEN, SetState.APPLYING)
_NOT_APPLIED = [state for state in ChangeState if state != ChangeState.APPLIED]
Counts = dict[str, dict[str, int]]


class Digest:
    """Of the changes that a run leaves undone, in their order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.is_empty = True

    def add(self, proposals: Iterable[Proposal]) -> None:
        for each in proposals:
            if each.state is not State.APPROVED:
                self._hash.update(each.identity.encode())
                self.is_empty = False

    def __str__(self) -> str:
        return "" if self.is_empty else self._hash.hexdigest()


# --- what stands from earlier --------------------------------------------------------------------


def standing_sets(source: str) -> list[ChangeSet]:
    """Sets that wait for a person, or were broken off while being applied; newest first."""
    sets = ChangeSet.objects.filter(source=source, state__in=_UNDECIDED, purpose=Purpose.LOAD)
    return list(sets.order_by("-pk"))


def newest_set(source: str) -> ChangeSet | None:
    return ChangeSet.objects.filter(source=source, purpose=Purpose.LOAD).order_by("-pk").first()


def decisions(source: str, cinemas: Collection[int]) -> dict[str, Decision]:
    """What persons rejected of these cinemas, by the identity of the change."""
    rejected = Change.objects.filter(
        change_set__source=source, change_set__purpose=Purpose.LOAD, state=ChangeState.REJECTED,
        cinema_id__in=list(cinemas),
    )  # fmt: skip
    columns = ("kind", "cinema_id", "day", "master_id", "before", "after", "fingerprint")
    found = {}
    for *parts, by, at, why, reason in rejected.order_by("pk").values_list(
        *columns, "decided_by", "decided_at", "decided_why", "reason"
    ):
        found[identity(*parts)] = Decision(by, at, reason, why)
    return found


# --- a new set -----------------------------------------------------------------------------------


def create_set(scope: Scope, run_id: int | None, now: dt.datetime) -> ChangeSet:
    return ChangeSet.objects.create(
        source=scope.source,
        load_id=scope.load.pk,
        run_id=run_id,
        state=SetState.APPLYING,
        created_at=now,
    )


def add_changes(change_set: ChangeSet, proposals: Sequence[Proposal]) -> None:
    """As tuples past the ORM, whose preparation of each field costs ten times as much."""
    if not proposals:
        return
    quote = connection.ops.quote_name
    names = ", ".join(quote(Change._meta.get_field(name).attname) for name in _COLUMNS)  # type: ignore[union-attr]
    marks = ", ".join(["%s"] * len(_COLUMNS))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quote(Change._meta.db_table)} ({names}) VALUES ({marks})",
            [_stored(change_set.pk, each) for each in proposals],
        )


_COLUMNS = (
    "change_set", "kind", "state", "cinema_id", "weekday", "day", "master_id", "sync_id",
    "row_count", "group", "before", "after", "locked", "fields", "fingerprint", "reason", "decided_by",
    "decided_at", "decided_why",
)  # fmt: skip


def _stored(set_id: int, each: Proposal) -> list[Any]:
    ops, decision = connection.ops, each.decision
    return [
        set_id, str(each.kind), str(each.state), each.cinema_id, each.weekday,
        ops.adapt_datefield_value(each.day), each.master_id, each.sync_id, each.row_count,
        each.group, ops.adapt_json_value(each.before, json.JSONEncoder),
        ops.adapt_json_value(each.after, json.JSONEncoder),
        ops.adapt_json_value(each.locked, json.JSONEncoder) if each.locked else None,
        "" if each.master_id is None else ",".join(each.after), each.fingerprint, each.reason,
        decision.by if decision else "",
        ops.adapt_datetimefield_value(decision.at if decision else None),
        decision.why if decision else "",
    ]  # fmt: skip


def supersede(sets: Iterable[ChangeSet], scope: Scope, now: dt.datetime) -> None:
    """A newer judgement takes the place of what these left undone of the judged cinemas."""
    for each in sets:
        undone = each.changes.filter(state__in=_NOT_APPLIED)
        if not scope.is_whole:
            undone = undone.filter(cinema_id__in=list(scope.zones))
        undone.delete()
        if not each.changes.filter(state=ChangeState.HELD).exists():
            each.counts = {**each.counts, **counts_of(each), UNTIL_LOAD: scope.load.pk}
            each.state, each.finished_at = SetState.CLOSED, each.finished_at or now
            each.save(update_fields=["state", "finished_at", "counts"])


def finish_set(
    change_set: ChangeSet,
    *,
    unchanged: int,
    digest: str,
    held_slices: Collection[tuple[int, int]],
    now: dt.datetime,
) -> None:
    """All that was approved is in master: only now the set says so."""
    counts = counts_of(change_set)
    is_held = any(ChangeState.HELD in states for states in counts.values())
    change_set.state = SetState.OPEN if is_held else SetState.APPLIED
    change_set.finished_at, change_set.unchanged_count = now, unchanged
    change_set.digest = digest
    change_set.counts = {**counts, HELD_SLICES: sorted(held_slices)} if held_slices else counts
    change_set.save()


def counts_of(change_set: ChangeSet) -> Counts:
    """Rows by kind and state."""
    counts: Counts = {}
    grouped = change_set.changes.values_list("kind", "state").annotate(Sum("row_count"))
    for kind, state, rows in grouped.order_by("kind", "state"):
        counts.setdefault(kind, {})[state] = rows
    return counts


# --- absences ------------------------------------------------------------------------------------


def count_absences(newly_lacked: Sequence[int], seen_again: Sequence[int], load_id: int) -> None:
    """One more load lacks these rows of master; of those the count begins anew."""
    for some in ids_in_chunks(newly_lacked):
        rows = _untouched(some).exclude(missing_in_load__isnull=False, missing_in_load=load_id)
        loads = Coalesce(F("missing_loads"), 0) + 1
        rows.update(missing_loads=loads, missing_in_load=load_id, updated_at=F("updated_at"))
    for some in ids_in_chunks(seen_again):
        _untouched(some).update(
            missing_loads=None, missing_in_load=None, updated_at=F("updated_at")
        )


def _untouched(ids: Sequence[int]) -> QuerySet[MasterShow]:
    return MasterShow.objects.filter(pk__in=ids, missing_since=None)
