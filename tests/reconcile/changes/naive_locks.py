"""Locks in the naive way: one row, one field at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconcile.changes.types import COMPARED, KEY, ChangeKind, Row

Locks = Mapping[str, Any]  # by field what the feed said
_PLACE = ("show_time", "screen_name")
_UPDATE, _MOVE, _MISSING, _REVIVE = (
    ChangeKind.UPDATE, ChangeKind.MOVE, ChangeKind.MISSING, ChangeKind.REVIVE,
)  # fmt: skip


def feed_key(row: Row, locks: Locks) -> Any:
    """Where the feed has a show whose place an operator keeps."""
    told = replace(
        row,
        screen_name=locks.get("screen_name", row.screen_name),
        show_time=dt.datetime.fromisoformat(
            locks.get("show_time", row.show_time.isoformat())
        ),
    )  # fmt: skip
    return told.key


def is_locked(kind: ChangeKind, staged: Row | None, master: Row, locks: Locks) -> bool:
    """Whether nothing of the change may be done."""
    if kind == _MISSING:
        return any(name in locks for name in (*_PLACE, "is_active"))
    if kind == _REVIVE:
        return "is_active" in locks
    differing = {
        name for name in (*KEY, *COMPARED) if getattr(staged, name) != getattr(master, name)
    }
    if kind == _MOVE:
        return any(name in locks for name in differing & set(_PLACE))
    return kind == _UPDATE and differing <= set(locks)


def kept(staged: Row, master: Row, locks: Locks) -> Row:
    """What the feed says, but for the locked fields."""
    return replace(staged, **{name: getattr(master, name) for name in locks})


def not_agreed(
    row: Row, came: Mapping[Any, Row], locks: Locks, until_agreed: frozenset[str]
) -> Locks:
    """Those locks that are left once the feed has been asked."""
    staged = came.get(row.key) or came.get(feed_key(row, locks))
    if staged is None:
        return locks
    return {
        name: value for name, value in locks.items()
        if name not in until_agreed or getattr(staged, name) != getattr(row, name)
    }  # fmt: skip
