"""The reverse of a change that was applied, or why it stays. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconcile.changes.policy.diff import ALL, told
from reconcile.changes.policy.fingerprint import fingerprint
from reconcile.changes.policy.locking import crossed
from reconcile.changes.told import FIELDS, value
from reconcile.changes.types import ChangeKind, Row

REVERSE = {
    ChangeKind.INSERT: ChangeKind.REMOVE, ChangeKind.REMOVE: ChangeKind.INSERT,
    ChangeKind.MISSING: ChangeKind.REVIVE, ChangeKind.REVIVE: ChangeKind.MISSING,
    ChangeKind.UPDATE: ChangeKind.UPDATE, ChangeKind.MOVE: ChangeKind.MOVE,
}  # fmt: skip
# In this order: what is removed makes room for what moves back, and that for what comes again.
ORDER = (
    (ChangeKind.INSERT,),
    (ChangeKind.UPDATE, ChangeKind.MOVE, ChangeKind.MISSING, ChangeKind.REVIVE),
    (ChangeKind.REMOVE,),
)
GONE = "the show is gone"
_SAME_MOMENT = dt.timedelta(seconds=1)  # adopted columns keep whole seconds
Kept = Mapping[str, Any]  # values as a change keeps them


@dataclass(frozen=True)
class Applied:
    """A change that was applied, and its row of master as it is now.

    `has_later`: another change of the row was applied since. `locked` are its kept fields.
    """

    kind: ChangeKind
    before: Kept
    after: Kept
    at: dt.datetime | None = None
    row: Row | None = None
    has_later: bool = False
    locked: Collection[str] = ()


@dataclass(frozen=True)
class Inverse:
    """`why_not`: it stays as it is."""

    kind: ChangeKind
    before: Kept = field(default_factory=dict)
    after: Kept = field(default_factory=dict)
    fingerprint: str = ""
    why_not: str = ""


def inverse_of(applied: Applied) -> Inverse:
    """Of a change of one row."""
    made = _swapped(applied)
    why_not = _why_not(applied, made)
    mark = fingerprint(applied.row) if applied.row is not None else ""
    return replace(made, fingerprint=mark, why_not=why_not)


def _swapped(applied: Applied) -> Inverse:
    kind = REVERSE[applied.kind]
    before, after = dict(applied.after), dict(applied.before)
    if applied.kind == ChangeKind.MISSING and applied.row is not None:
        before |= told(applied.row, ["missing_since"])
        after["missing_since"] = None
    if applied.kind == ChangeKind.REVIVE:
        del before["missing_since"]
    return Inverse(kind, before, after)


def _why_not(applied: Applied, made: Inverse) -> str:
    row = applied.row
    if applied.kind == ChangeKind.REMOVE:
        return ""  # there is no row yet; whether its place is free is seen when it comes back
    if row is None:
        return GONE
    edited = _edited(applied, row)
    if edited:
        return f"edited since: {edited}"
    if applied.has_later and applied.kind == ChangeKind.INSERT:
        return "changed by a later load"
    locked = crossed(made.kind, made.after, applied.locked)
    return f"locked: {', '.join(FIELDS[name] for name in sorted(locked))}" if locked else ""


def _edited(applied: Applied, row: Row) -> str:
    """`title is Harbour`: the first of the values that are others by now."""
    if applied.kind == ChangeKind.MISSING:
        since = row.missing_since
        if since is None:
            return "it is there again"
        then = _moment(applied.after.get("missing_since")) or applied.at
        if then is not None and abs(since - then) > _SAME_MOMENT:
            return "it was declared missing anew"
    elif row.missing_since is not None:
        return "it is missing"
    names = [name for name in applied.after if name in ALL]
    says = told(row, names)
    for name in names:
        if says[name] != applied.after[name]:
            return f"{FIELDS[name]} is {value(name, says[name]) or 'empty'}"
    return ""


def _moment(kept: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(kept) if kept else None
