"""Fields that an operator keeps from feeds: which they are, until when, who wanted it and why.

Nothing here knows what a row is. Whether a lock *until the row has passed* or *until the feed
agrees* is over is known to the row's own app, which then unlocks. Every function works in its
caller's transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q, QuerySet

from popflix.lib import audit
from popflix.lib.batches import chunk
from popflix.lib.errors import OperatorError
from popflix.lib.models import FieldLock, LockMode

Actor = AbstractBaseUser | AnonymousUser | str
_ROWS_A_STATEMENT = 900
_BY_LENGTH, _WHY_LENGTH = 150, 200


@dataclass(frozen=True)
class Kept:
    """`feed_value` is what the feed said when the field was locked, as JSON keeps it."""

    field: str
    mode: str
    until: dt.datetime | None
    feed_value: object
    by: str
    at: dt.datetime
    why: str

    @property
    def until_words(self) -> str:
        if self.mode == LockMode.DATE and self.until is not None:
            return f"until {self.until.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
        return UNTIL_WORDS[LockMode(self.mode)]


UNTIL_WORDS = {
    LockMode.FOREVER: "for ever",
    LockMode.DATE: "until a date",
    LockMode.PASSED: "until the show has passed",
    LockMode.AGREES: "until the feed agrees",
}


def are_there(table: str) -> bool:
    """Whether any field of the table may be locked: one look into an index."""
    return FieldLock.objects.filter(table=table).exists()


def locks_of(
    table: str, rows: Collection[str | int], now: dt.datetime
) -> dict[str, dict[str, Kept]]:
    """By row, as text, and by field. Those whose date has come are left out."""
    found: dict[str, dict[str, Kept]] = {}
    for some in chunk(sorted(map(str, rows)), _ROWS_A_STATEMENT):
        for each in still(FieldLock.objects.filter(table=table, row__in=some), now):
            found.setdefault(each.row, {})[each.field] = kept(each)
    return found


def still(locks: QuerySet[FieldLock], now: dt.datetime) -> QuerySet[FieldLock]:
    """Those of the locks whose date, if they have one, has not come."""
    return locks.filter(~Q(mode=LockMode.DATE) | Q(until=None) | Q(until__gt=now))


def kept(lock: FieldLock) -> Kept:
    return Kept(
        lock.field, lock.mode, lock.until, lock.feed_value, lock.by, lock.at, lock.why
    )  # fmt: skip


def lock(
    table: str,
    row: str | int,
    fields: Mapping[str, object],
    *,
    mode: str,
    until: dt.datetime | None = None,
    by: Actor,
    at: dt.datetime,
    why: str = "",
    target: str = "",
) -> None:
    """Lock fields of a row, or lock them otherwise; audited.

    `fields` have what the feed says of each, as JSON keeps it. `target` is what the audit trail
    calls the row. Raises OperatorError where the end is none of LockMode, or has passed.
    """
    if not fields:
        return
    if mode not in LockMode.values:
        raise OperatorError("Nobody said until when to lock.", "Choose one of the ends.")
    if mode == LockMode.DATE and (until is None or until <= at):
        raise OperatorError(
            "A lock until a date needs one that is to come.", "Give a date, or another end."
        )
    until = until if mode == LockMode.DATE else None
    _of(table, row, fields).delete()
    FieldLock.objects.bulk_create(
        [
            FieldLock(
                table=table, row=str(row), field=name, mode=mode, until=until,
                feed_value=value, by=_name(by), at=at, why=why[:_WHY_LENGTH],
            )
            for name, value in fields.items()
        ]
    )  # fmt: skip
    details = {
        "fields": sorted(fields), "mode": str(mode), "until": until and until.isoformat(),
        "feed": dict(fields),
    }  # fmt: skip
    target = target or f"{table} {row}"
    audit.record(
        by, "lock fields", at=at, target=target, count=len(fields), why=why, details=details
    )


def unlock(
    table: str,
    row: str | int,
    fields: Iterable[str],
    *,
    by: Actor,
    at: dt.datetime,
    why: str = "",
    target: str = "",
) -> int:
    """Let feeds have these fields again; audited. Returns how many were locked."""
    locks = _of(table, row, fields)
    found = sorted(locks.values_list("field", flat=True))
    if not found:
        return 0
    locks.delete()
    target = target or f"{table} {row}"
    details = {"fields": found}
    audit.record(
        by, "unlock fields", at=at, target=target, count=len(found), why=why, details=details
    )
    return len(found)


def _of(table: str, row: str | int, fields: Iterable[str]) -> QuerySet[FieldLock]:
    return FieldLock.objects.filter(table=table, row=str(row), field__in=list(fields))


def _name(actor: Actor) -> str:
    told = actor.get_username() if isinstance(actor, AbstractBaseUser) else str(actor)
    return told[:_BY_LENGTH]
