"""Change sets and their changes in the database; every function works in its caller's commit."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce

from reconcile.changes.approval.decisions import Known, identity_of, late
from reconcile.changes.finding.history import HELD_SLICES, UNTIL_LOAD
from reconcile.changes.finding.scope import Scope
from reconcile.changes.finding.todo import ids_in_chunks
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose, SetState
from reconcile.changes.policy.proposal import Proposal, State
from reconcile.changes.types import ChangeKind
from reconcile.shows.models import MasterShow

_UNDECIDED = (SetState.OPEN, SetState.APPLYING)
_WRITTEN = (ChangeState.APPLIED, ChangeState.UNDONE)  # they tell what became of master
_NOT_APPLIED = [state for state in ChangeState if state not in _WRITTEN]
_LEFT = (ChangeState.HELD, ChangeState.REJECTED, ChangeState.LOCKED, ChangeState.UNDONE)
TO_BE_TAKEN = "?"  # a set's digest since a person decided: the next judgement alone needs it
_READ_AT_ONCE, _DELETED_A_COMMIT = 2_000, 5_000
_KINDS = frozenset(ChangeKind)
Counts = dict[str, dict[str, int]]
_encode = json.JSONEncoder().encode


class Digest:
    """Of the changes that a run leaves undone, in their order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.is_empty = True

    def add(self, proposals: Iterable[Proposal]) -> None:
        for each in proposals:
            if each.state is not State.APPROVED:
                self._add(each.identity)

    def add_stored(self, changes: Iterable[Change]) -> None:
        """Of an earlier judgement, in the order in which it stored them."""
        for each in changes:
            self._add(identity_of(each))

    def _add(self, identity: str) -> None:
        self._hash.update(identity.encode())
        self.is_empty = False

    def __str__(self) -> str:
        return "" if self.is_empty else self._hash.hexdigest()


def digest_of(change_set: ChangeSet) -> str:
    """As the next judgement makes it where nothing differs but what is left."""
    if change_set.digest != TO_BE_TAKEN:
        return str(change_set.digest)
    digest, last = Digest(), 0
    left = Change.objects.filter(change_set=change_set, state__in=_LEFT).order_by("pk")
    while read := list(left.filter(pk__gt=last)[:_READ_AT_ONCE]):
        digest.add_stored(read)
        last = read[-1].pk
    return str(digest)


# --- what stands from earlier --------------------------------------------------------------------


def standing_sets(source: str) -> list[ChangeSet]:
    """Sets that wait for a person, or were broken off while being applied; newest first."""
    sets = ChangeSet.objects.filter(source=source, state__in=_UNDECIDED, purpose=Purpose.LOAD)
    return list(sets.order_by("-pk"))


def newest_set(source: str) -> ChangeSet | None:
    return ChangeSet.objects.filter(source=source, purpose=Purpose.LOAD).order_by("-pk").first()


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
            list(map(_row_maker(change_set.pk), proposals)),
        )


_COLUMNS = (
    "change_set", "kind", "state", "cinema_id", "weekday", "day", "master_id", "sync_id",
    "row_count", "group", "before", "after", "locked", "fields", "fingerprint", "reason",
    "decided_by", "decided_at", "decided_why",
)  # fmt: skip


def _as_json() -> Callable[[object], Any]:
    """Mostly a text, and the encoder is at hand: a tenth of what asking each time costs."""
    if connection.vendor == "postgresql":
        adapt = connection.ops.adapt_json_value
        return lambda value: adapt(value, json.JSONEncoder)
    return _encode


def _row_maker(set_id: int) -> Callable[[Proposal], list[Any]]:
    """The connection is asked once for all of them."""
    ops, encode = connection.ops, _as_json()

    def row(each: Proposal) -> list[Any]:
        decision = each.decision
        return [
            set_id, str(each.kind), str(each.state), each.cinema_id, each.weekday,
            ops.adapt_datefield_value(each.day), each.master_id, each.sync_id, each.row_count,
            each.group, encode(each.before), encode(each.after),
            encode(each.locked) if each.locked else None,
            "" if each.master_id is None else ",".join(each.after), each.fingerprint,
            each.reason, decision.by if decision else "",
            ops.adapt_datetimefield_value(decision.at) if decision else None,
            decision.why if decision else "",
        ]  # fmt: skip

    return row


def supersede(
    change_set: ChangeSet,
    scope: Scope,
    now: dt.datetime,
    known: Known,
    into: ChangeSet | None = None,
) -> bool:
    """A newer judgement takes the place of what this one left undone of the judged cinemas.

    What a person decided there since `known` was read is decided of the same changes in `into`.
    False: it was too much for one commit, and has to be called again.
    """
    each = ChangeSet.objects.select_for_update().get(pk=change_set.pk)
    undone = each.changes.filter(state__in=_NOT_APPLIED)
    if not scope.is_whole:
        undone = undone.filter(cinema_id__in=list(scope.zones))
    first = list(undone.order_by("pk").values_list("pk", flat=True)[:_DELETED_A_COMMIT])
    if first:
        some = undone.filter(pk__lte=first[-1])
        if into is not None:
            _carry_over(late(some.exclude(decided_by=""), known), into)
        some.delete()
    if len(first) == _DELETED_A_COMMIT:
        return False
    others = {name: value for name, value in each.counts.items() if name not in _KINDS}
    each.counts, each.digest = {**others, **counts_of(each)}, TO_BE_TAKEN
    if not each.changes.filter(state=ChangeState.HELD).exists():
        each.counts = {**each.counts, UNTIL_LOAD: scope.load.pk}
        each.state, each.finished_at = SetState.CLOSED, each.finished_at or now
    each.save(update_fields=["state", "finished_at", "counts", "digest"])
    return True


def _carry_over(decided: Mapping[str, Change], into: ChangeSet) -> None:
    if not decided:
        return
    cinemas = {each.cinema_id for each in decided.values()}
    for each in into.changes.filter(cinema_id__in=cinemas, state__in=State):
        made = decided.get(identity_of(each))
        if made is not None and each.state != State.LOCKED:
            each.state, each.decided_by = made.state, made.decided_by
            each.decided_at, each.decided_why = made.decided_at, made.decided_why
            each.save(update_fields=["state", "decided_by", "decided_at", "decided_why"])


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
