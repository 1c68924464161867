"""Reversed changes as rows of the set that undoes; every function works in its caller's commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconcile.changes.approval.decisions import SHOWS
from reconcile.changes.models import Change, ChangeSet, ChangeState
from reconcile.changes.policy.inverse import REVERSE, Inverse
from reconcile.changes.types import ChangeKind


@dataclass(frozen=True)
class Reversed:
    """One change and its reverse, of which there is none where all of it stays. Of a day
    `kept_rows` stay."""

    change: Change
    inverse: Inverse
    row_count: int = 1
    kept_rows: int = 0


def store_reversed(change_set: ChangeSet, found: Sequence[Reversed], now: dt.datetime) -> None:
    rows = []
    for each in found:
        if not each.inverse.why_not:
            rows.append(_change(change_set, each, each.row_count, now))
        if each.kept_rows:
            rows.append(_change(change_set, each, each.kept_rows, now, is_kept=True))
    Change.objects.bulk_create(rows, batch_size=500)


def _change(
    change_set: ChangeSet, each: Reversed, rows: int, now: dt.datetime, *, is_kept: bool = False
) -> Change:
    of, made, details = each.change, each.inverse, change_set.details
    is_of_day = SHOWS in made.before or SHOWS in made.after
    why = made.why_not or f"{rows} of its {of.row_count} shows were edited since"
    return Change(
        change_set=change_set, kind=REVERSE[ChangeKind(of.kind)], cinema_id=of.cinema_id,
        state=ChangeState.STALE if is_kept else ChangeState.APPROVED,
        weekday=of.weekday, day=of.day, row_count=rows, undoes=of.pk,
        master_id=None if is_of_day or made.kind == ChangeKind.INSERT else of.master_id,
        before={} if is_kept and is_of_day else made.before, after=made.after,
        fields="" if is_of_day or of.master_id is None else ",".join(made.after),
        fingerprint=made.fingerprint, reason=why if is_kept else "",
        decided_by=str(details.get("by", "")), decided_at=now,
        decided_why=str(details.get("why", "")),
    )  # fmt: skip


def remember(change_set: ChangeSet, more: Mapping[str, object]) -> None:
    change_set.details = {**change_set.details, **more}
    change_set.save(update_fields=["details"])
