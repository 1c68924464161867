"""What operators do to a show of master by hand: edit it, keep fields from the feed, let them go.

Feeds write the same rows: an edit of what somebody changed meanwhile is refused, never merged.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import IntegrityError, transaction

from popflix.engine.changes import whole
from popflix.lib import audit, field_locks
from popflix.lib.errors import OperatorError
from popflix.lib.models import LockMode
from reconcile.changes.finding.kept import TABLE, locked_of, staged_at
from reconcile.changes.master import writing
from reconcile.changes.policy import diff
from reconcile.changes.policy.fingerprint import fingerprint
from reconcile.changes.policy.locking import PLACE, Locked, displaced
from reconcile.changes.types import COMPARED, Row
from reconcile.feed.words import is_active
from reconcile.shows.models import MasterShow

EDITABLE = (*PLACE, *COMPARED)
Actor = AbstractBaseUser | AnonymousUser | str


@dataclass(frozen=True)
class Keep:
    """Until when feeds shall leave fields alone; without a mode they need not."""

    mode: str = ""
    until: dt.datetime | None = None


class PlaceTakenError(OperatorError):
    """Another show of master, `other`, has this place."""

    def __init__(self, other: int) -> None:
        super().__init__(
            f"Show {other} of the same film begins at this minute on this screen already.",
            "Choose another time or screen, or edit that one.",
        )
        self.other = other


def target(pk: int) -> str:
    """What the audit trail calls a show of master."""
    return f"show {pk}"


def edit_show(
    pk: int,
    values: Mapping[str, Any],
    *,
    seen: str,
    keep: Keep,
    by: Actor,
    why: str,
    now: dt.datetime,
) -> list[str]:
    """Store fields as an operator wants them; returns those that were something else.

    `seen` is the fingerprint of the row on which the operator decided. Raises OperatorError where
    it says something else by now, and PlaceTakenError.
    """
    unknown = set(values) - set(EDITABLE)
    if unknown:
        raise KeyError(f"no field of a show to edit: {', '.join(sorted(unknown))}")
    return whole(partial(_edit, pk, values, seen, keep, by, why, now))


def _edit(
    pk: int,
    values: Mapping[str, Any],
    seen: str,
    keep: Keep,
    by: Actor,
    why: str,
    now: dt.datetime,
) -> list[str]:
    row = _held(pk)
    if fingerprint(row) != seen:
        raise OperatorError(
            "Somebody changed this show since the form was opened; nothing was stored.",
            "Look at it as it is now, and edit it again.",
        )
    changed = {name: value for name, value in values.items() if value != getattr(row, name)}
    if not changed:
        return []
    locked = locked_of([row], now).get(pk, {})
    feed = said_by_feed(row, locked)
    _write(row, changed, now)
    after = writing.row_with(row, changed)
    _keep(after, list(changed), feed, keep, by, why, now)
    before, new = diff.told(row, list(changed)), diff.told(after, list(changed))
    details = {name: {"before": before[name], "after": new[name]} for name in changed}
    audit.record(by, "edit show", at=now, target=target(pk), why=why, details=details)
    return list(changed)


def _held(pk: int) -> Row:
    """The row as it stands, nobody else's before the transaction ends."""
    row = writing.lock([pk]).get(pk)
    if row is None:
        raise OperatorError(f"Show {pk} is not in master any more.", "Go back to the list.")
    return row


def _write(row: Row, changed: Mapping[str, Any], now: dt.datetime) -> None:
    """A show that is said to take place is not missing any more."""
    more: dict[str, Any] = {}
    if row.missing_since and "is_active" in changed and is_active(changed["is_active"]):
        more = {"missing_since": None, "missing_loads": None, "missing_in_load": None}
    shows = MasterShow.objects.filter(pk=row.id)
    try:
        with transaction.atomic():
            shows.update(**changed, **more, updated_at=now)
    except IntegrityError:
        raise PlaceTakenError(_at_place_of(writing.row_with(row, changed))) from None


def _at_place_of(row: Row) -> int:
    """As the table's own key sees it."""
    same = MasterShow.objects.filter(
        movie_id=row.movie_id, cinema_id=row.cinema_id, screen_name=row.screen_name,
        show_time=row.show_time,
    )  # fmt: skip
    return same.exclude(pk=row.id).values_list("pk", flat=True).first() or 0


# --- keeping ------------------------------------------------------------------------------------


def lock_fields(
    pk: int, fields: Collection[str], *, keep: Keep, by: Actor, why: str, now: dt.datetime
) -> int:
    """Keep fields as they are. Returns how many."""

    def lock() -> int:
        row = _held(pk)
        feed = said_by_feed(row, locked_of([row], now).get(pk, {}))
        wanted = {name: feed[name] for name in fields if name in EDITABLE}
        field_locks.lock(
            TABLE, pk, wanted, mode=keep.mode, until=keep.until, by=by, at=now, why=why,
            target=target(pk),
        )  # fmt: skip
        return len(wanted)

    return whole(lock)


def unlock_fields(
    pk: int, fields: Collection[str], *, by: Actor, why: str, now: dt.datetime
) -> int:
    """Let feeds have fields again. Returns how many were locked."""

    def unlock() -> int:
        writing.lock([pk])
        return field_locks.unlock(
            TABLE, pk, fields, by=by, at=now, why=why, target=target(pk)
        )  # fmt: skip

    return whole(unlock)


def said_by_feed(row: Row, locked: Locked) -> dict[str, diff.Told]:
    """What the feed says of the show, as JSON keeps it; what is not known is as it stands."""
    elsewhere = displaced(row, locked)
    keys = [row.key, *([elsewhere.key] if elsewhere else [])]
    staged = staged_at(keys)
    there = staged.get(row.key) or staged.get(keys[-1])
    if there is not None:
        return diff.told(there, EDITABLE)
    known = {name: value for name, value in locked.items() if name in EDITABLE}
    return {**diff.told(row, EDITABLE), **known}


def _keep(
    row: Row,
    fields: Collection[str],
    feed: Mapping[str, diff.Told],
    keep: Keep,
    by: Actor,
    why: str,
    now: dt.datetime,
) -> None:
    """Fields that say what the feed says are in agreement with it already."""
    own = diff.told(row, EDITABLE)
    is_free = keep.mode == LockMode.AGREES
    wanted = {name: feed[name] for name in fields if not (is_free and feed[name] == own[name])}
    if not keep.mode:
        wanted = {}
    free = set(fields) - set(wanted)
    field_locks.unlock(TABLE, row.id, free, by=by, at=now, why=why, target=target(row.id))
    field_locks.lock(
        TABLE, row.id, wanted, mode=keep.mode, until=keep.until, by=by, at=now, why=why,
        target=target(row.id),
    )  # fmt: skip
