"""Shows that go out of master again: whole days of a first load that somebody undid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from popflix.lib import field_locks
from reconcile.changes.approval.decisions import SHOWS
from reconcile.changes.finding.kept import TABLE
from reconcile.changes.master import writing
from reconcile.changes.master.written import EDITED, Rest, Written
from reconcile.changes.models import Change
from reconcile.changes.policy.diff import ALL, told
from reconcile.changes.types import ChangeKind, Row

Shows = list[Mapping[str, Any]]


def remove_days(changes: Sequence[Change], now: dt.datetime, written: Written) -> None:
    """Of each day the shows that still are as they came; edited and locked ones stay."""
    days = [each for each in changes if each.kind == ChangeKind.REMOVE and each.master_id is None]
    for each in days:
        _remove(each, each.before[SHOWS], now, written)


def _remove(change: Change, shows: Shows, now: dt.datetime, written: Written) -> None:
    rows = writing.lock(int(show["id"]) for show in shows)
    locked = locked_rows(rows, now)
    going = [
        show for show in shows
        if int(show["id"]) not in locked and is_as(rows.get(int(show["id"])), show)
    ]  # fmt: skip
    if not going:
        written.is_stale(change, EDITED)
        return
    writing.remove(int(show["id"]) for show in going)
    _split(change.undoes, len(going))
    if len(going) < len(shows):
        staying = [show for show in shows if show not in going]
        rest = Rest(
            change, len(staying), EDITED,
            done={"before": {SHOWS: going}}, left={"before": {SHOWS: staying}},
        )  # fmt: skip
        written.rests.append(rest)
    written.applied.append(change.pk)


def _split(number: int | None, rows: int) -> None:
    """The day that is undone is one change, its shows that stay are another."""
    day = Change.objects.filter(pk=number).first() if number is not None else None
    if day is None or day.row_count <= rows:
        return
    Change.objects.filter(pk=day.pk).update(row_count=rows)
    day.pk, day.row_count = None, day.row_count - rows
    day.save(force_insert=True)


def is_as(row: Row | None, show: Mapping[str, Any]) -> bool:
    """Whether the row says what it said, and is not missing."""
    return (
        row is not None
        and row.missing_since is None
        and told(row) == {name: show.get(name) for name in ALL}
    )


def locked_rows(ids: Collection[int], now: dt.datetime) -> set[int]:
    """Those of master's rows of which any field is kept."""
    if not ids or not field_locks.are_there(TABLE):
        return set()
    return {int(row) for row in field_locks.locks_of(TABLE, list(ids), now)}
