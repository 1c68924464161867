"""The differing rows of a few cinemas at once, read for the policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection

from reconcile.changes.finding.kept import Locks, locks_for
from reconcile.changes.finding.rows import rows_of as rows_of
from reconcile.changes.finding.scope import Scope
from reconcile.changes.finding.todo import (
    TODO,
    Kind,
    Todo,
    absent_ids,
    ids_in_chunks,
    passed_shows,
)
from reconcile.changes.policy.locking import counterparts
from reconcile.changes.policy.residue import Absent, Residue
from reconcile.changes.types import Row
from reconcile.shows.models import MasterShow, SyncShow

ROWS_AT_ONCE = 2_000  # what is made of them takes 4 KB for each


@dataclass
class Batch:
    """`seen_again` and `newly_lacked` are ids of master: rows whose count of absences ends, and
    those that the load is the next to lack.
    """

    residues: list[Residue] = field(default_factory=list)
    seen_again: list[int] = field(default_factory=list)
    newly_lacked: list[int] = field(default_factory=list)


def read_batches(scope: Scope, todo: Todo) -> Iterator[Batch]:
    """All that differs, whole cinemas at a time, in the order of their numbers."""
    first = _first_loads(scope, todo)
    locks = locks_for(scope) if todo.cinemas else None
    some: list[int] = []
    size = 0
    for cinema_id in todo.cinemas:
        rows = first[cinema_id] if cinema_id in first else todo.size(cinema_id)
        if some and size + rows > ROWS_AT_ONCE:
            yield _read(scope, todo, some, first, locks)
            some, size = [], 0
        some.append(cinema_id)
        size += rows
    if some:
        yield _read(scope, todo, some, first, locks)


def _first_loads(scope: Scope, todo: Todo) -> dict[int, int]:
    """Cinemas of which master knows nothing, and how many days each has: what is read of them,
    instead of their rows."""
    new = {pk: of[Kind.NEW] for pk, of in todo.rows.items() if set(of) == {Kind.NEW}}
    found: dict[int, int] = {}
    for some in ids_in_chunks(sorted(set(new) - set(todo.absent))):
        days = scope.days_of(some)
        all_new = {pk: len(of) for pk, of in days.items() if sum(of.values()) == new[pk]}
        rows = MasterShow.objects.filter(cinema_id__in=list(all_new)).order_by()
        for pk in rows.values_list("cinema_id", flat=True).distinct():
            del all_new[pk]
        found |= all_new
    return found


def _read(
    scope: Scope,
    todo: Todo,
    cinemas: Sequence[int],
    first: Collection[int],
    locks: Locks | None,
) -> Batch:
    days, covered = scope.days_of(cinemas), scope.weekdays_of(cinemas)
    residues = {
        pk: Residue(pk, scope.zones[pk], days[pk], covered[pk], is_first=pk in first)
        for pk in cinemas
    }
    batch = Batch(list(residues.values()))
    _read_todo([pk for pk in cinemas if pk not in first], residues, batch)
    paired = {} if locks is None else _pair_displaced(batch.residues, locks)
    _read_absent([pk for pk in cinemas if pk in todo.absent], scope, residues, batch, paired)
    if locks is not None:
        _read_locks(batch.residues, locks)
    return batch


def _read_todo(cinemas: Sequence[int], residues: dict[int, Residue], batch: Batch) -> None:
    if not cinemas:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT sync_id, master_id, kind, is_counted FROM {TODO} "
            f"WHERE cinema_id IN ({', '.join(map(str, cinemas))}) ORDER BY sync_id"
        )
        found = cursor.fetchall()
    staged = rows_of(SyncShow, [sync for sync, _, kind, _ in found if kind != Kind.SEEN])
    known = (Kind.OTHER, Kind.BACK)
    master = rows_of(MasterShow, [pk for _, pk, kind, _ in found if kind in known])
    batch.seen_again += [pk for _, pk, _, is_counted in found if is_counted]
    for sync_id, master_id, kind, _ in found:
        row = staged.get(sync_id)
        if row is None or (kind != Kind.NEW and master_id not in master):
            continue
        residue = residues[row.cinema_id]
        if kind == Kind.NEW:
            residue.new.append(row)
        elif kind == Kind.OTHER:
            residue.other.append((row, master[master_id]))
        else:
            residue.back.append((row, master[master_id]))


def _pair_displaced(residues: Sequence[Residue], locks: Locks) -> dict[int, Row]:
    """Staged rows that seem new because an operator keeps their shows at another place: they are
    no news. Returns these shows."""
    found = {}
    for residue in residues:
        known = {master.id for _, master in (*residue.other, *residue.back)}
        shows = [
            each for each in locks.displaced.get(residue.cinema_id, ()) if each.row.id not in known
        ]
        for staged, master in counterparts(residue.new, shows):
            residue.new.remove(staged)
            is_back = master.missing_since is not None
            (residue.back if is_back else residue.other).append((staged, master))
            found[master.id] = master
    return found


def _read_locks(residues: Sequence[Residue], locks: Locks) -> None:
    for residue in residues:
        pairs = (*residue.other, *residue.back)
        rows = [*(row for _, row in pairs), *(each.row for each in residue.absent)]
        residue.locks = locks.of(rows)


def _read_absent(
    cinemas: Sequence[int],
    scope: Scope,
    residues: dict[int, Residue],
    batch: Batch,
    paired: Mapping[int, Row],
) -> None:
    if not cinemas:
        return
    ids = absent_ids(scope, cinemas)
    rows = rows_of(MasterShow, ids)
    load_id = scope.load.pk
    for some in ids_in_chunks(ids):
        counts = MasterShow.objects.filter(pk__in=some).order_by("pk")
        for pk, loads, newest in counts.values_list("pk", "missing_loads", "missing_in_load"):
            if pk in paired:  # staged, though elsewhere
                batch.seen_again += [pk] if loads is not None else []
                continue
            is_counted = newest == load_id
            if not is_counted:
                batch.newly_lacked.append(pk)
            row = rows[pk]
            lacked = (loads or 0) + (not is_counted)
            residues[row.cinema_id].absent.append(Absent(row, lacked))
    elsewhere = [row for row in paired.values() if row.missing_since is None]
    for cinema_id, moments in passed_shows(scope, cinemas).items():
        for row in elsewhere:
            if row.cinema_id == cinema_id and row.show_time in moments:
                moments.remove(row.show_time)
        weekdays = (scope.slice_of(cinema_id, moment).weekday for moment in moments)
        residues[cinema_id].passed = Counter(weekdays)
