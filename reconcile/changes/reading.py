"""The differing rows of a few cinemas at once, read for the policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import connection

from reconcile.changes.compose import Absent, Residue
from reconcile.changes.scope import Scope
from reconcile.changes.todo import TODO, Kind, Todo, absent_ids, ids_in_chunks, passed_shows
from reconcile.changes.types import COMPARED, KEY, Row
from reconcile.shows.models import MasterShow, Show, SyncShow

ROWS_AT_ONCE = 5_000
_COLUMNS = ("pk", *KEY, *COMPARED)


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
    some: list[int] = []
    size = 0
    for cinema_id in todo.cinemas:
        rows = 0 if cinema_id in first else todo.size(cinema_id)
        if some and size + rows > ROWS_AT_ONCE:
            yield _read(scope, todo, some, first)
            some, size = [], 0
        some.append(cinema_id)
        size += rows
    if some:
        yield _read(scope, todo, some, first)


def _first_loads(scope: Scope, todo: Todo) -> set[int]:
    """Cinemas of which master knows nothing: their rows are never read."""
    new = {pk: of[Kind.NEW] for pk, of in todo.rows.items() if set(of) == {Kind.NEW}}
    all_new = {
        pk for pk, days in scope.days_of(new).items() if sum(days.values()) == new[pk]
    } - set(todo.absent)
    known: set[int] = set()
    for some in ids_in_chunks(sorted(all_new)):
        rows = MasterShow.objects.filter(cinema_id__in=some)
        known.update(rows.values_list("cinema_id", flat=True).distinct())
    return all_new - known


def _read(scope: Scope, todo: Todo, cinemas: Sequence[int], first: set[int]) -> Batch:
    days, covered = scope.days_of(cinemas), scope.weekdays_of(cinemas)
    residues = {
        pk: Residue(pk, scope.zones[pk], days[pk], covered[pk], is_first=pk in first)
        for pk in cinemas
    }
    batch = Batch(list(residues.values()))
    _read_todo([pk for pk in cinemas if pk not in first], residues, batch)
    _read_absent([pk for pk in cinemas if pk in todo.absent], scope, residues, batch)
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


def _read_absent(
    cinemas: Sequence[int], scope: Scope, residues: dict[int, Residue], batch: Batch
) -> None:
    if not cinemas:
        return
    ids = absent_ids(scope, cinemas)
    rows = rows_of(MasterShow, ids)
    load_id = scope.load.pk
    for some in ids_in_chunks(ids):
        counts = MasterShow.objects.filter(pk__in=some).order_by("pk")
        for pk, loads, newest in counts.values_list("pk", "missing_loads", "missing_in_load"):
            is_counted = newest == load_id
            if not is_counted:
                batch.newly_lacked.append(pk)
            row = rows[pk]
            lacked = (loads or 0) + (not is_counted)
            residues[row.cinema_id].absent.append(Absent(row, lacked))
    for cinema_id, moments in passed_shows(scope, cinemas).items():
        weekdays = (scope.slice_of(cinema_id, moment).weekday for moment in moments)
        residues[cinema_id].passed = Counter(weekdays)


def rows_of(model: type[Show], ids: Sequence[int]) -> dict[int, Row]:
    """Rows by id; of master with `missing_since`."""
    columns = (*_COLUMNS, "missing_since") if model is MasterShow else _COLUMNS
    found: dict[int, Row] = {}
    for some in ids_in_chunks(ids):
        for values in model._default_manager.filter(pk__in=some).values_list(*columns):
            row = Row(*values)
            found[row.id] = row
    return found
