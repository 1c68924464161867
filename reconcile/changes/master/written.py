"""What became of changes, told in the transaction that wrote master's rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from reconcile.changes.finding.todo import ids_in_chunks
from reconcile.changes.models import Change, ChangeState

EDITED = "the master row was edited since"
LOCKED = "locked since"
TAKEN = "another row of master has this key"


@dataclass(frozen=True)
class Rest:
    """Of a day's change the rows that were not written, and why. `done` are new values of the
    change's own columns, `left` those of the rest."""

    change: Change
    rows: int
    why: str = TAKEN
    done: Mapping[str, Any] = field(default_factory=dict)
    left: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Written:
    """Of a batch: ids of applied changes, reasons of stale ones, and days of which a rest is
    left. `made` are the ids of master's new rows, by change. `waiting` are moves whose place may
    become free yet."""

    applied: list[int] = field(default_factory=list)
    stale: dict[str, list[int]] = field(default_factory=dict)
    rests: list[Rest] = field(default_factory=list)
    made: dict[int, int] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    may_wait: bool = False

    def is_stale(self, change: Change, why: str) -> None:
        self.stale.setdefault(why, []).append(change.pk)

    def is_taken(self, change: Change) -> None:
        if self.may_wait:
            self.waiting.append(change.pk)
        else:
            self.is_stale(change, TAKEN)


def mark(written: Written, changes: Sequence[Change], now: dt.datetime) -> None:
    """Say of each change of the batch what became of it."""
    for some in ids_in_chunks(written.applied):
        Change.objects.filter(pk__in=some).update(state=ChangeState.APPLIED, applied_at=now)
    _name_rows(written.made)
    for why, ids in written.stale.items():
        for some in ids_in_chunks(ids):
            Change.objects.filter(pk__in=some).update(state=ChangeState.STALE, reason=why)
    for rest in written.rests:
        _set_rest_aside(rest)
    applied = set(written.applied)
    _mark_reversed(
        [each.undoes for each in changes if each.undoes is not None and each.pk in applied]
    )


def _set_rest_aside(rest: Rest) -> None:
    written = rest.change.row_count - rest.rows
    Change.objects.filter(pk=rest.change.pk).update(row_count=written, **rest.done)
    left = copy(rest.change)  # the batch itself may be tried again
    left.pk, left.row_count = None, rest.rows
    left.state, left.reason = ChangeState.STALE, rest.why
    for name, value in rest.left.items():
        setattr(left, name, value)
    left.save(force_insert=True)


def _name_rows(made: Mapping[int, int]) -> None:
    """Which row of master each applied insert made, in one statement for many."""
    table = connection.ops.quote_name(Change._meta.db_table)
    for some in ids_in_chunks(sorted(made)):
        cases = " ".join(f"WHEN {pk:d} THEN {made[pk]:d}" for pk in some)
        ids = ", ".join(f"{pk:d}" for pk in some)
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET master_id = CASE id {cases} END WHERE id IN ({ids})"
            )


def _mark_reversed(ids: Sequence[int]) -> None:
    """What is reversed was undone; what that one had undone in its turn holds again."""
    state = ChangeState.UNDONE
    while ids:
        earlier: list[int] = []
        for some in ids_in_chunks(ids):
            reversed_ones = Change.objects.filter(pk__in=some)
            reversed_ones.update(state=state)
            undone = reversed_ones.filter(undoes__isnull=False).values_list("undoes", flat=True)
            earlier += [pk for pk in undone if pk is not None]
        ids = earlier
        is_undone = state == ChangeState.UNDONE
        state = ChangeState.APPLIED if is_undone else ChangeState.UNDONE
