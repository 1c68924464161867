"""Claiming work rows: any model that extends WorkRow.

A claim goes lane by lane over the index (lane, due_at) with one condition and one order: an OR
or a second sort key locks the whole set, and the second worker gets nothing (measured). The rows
are locked, changed and read under a compare-and-set, so that none has two holders on any
database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connections, router, transaction
from django.db.models import Case, F, QuerySet, Value, When

from popflix.engine.models import Lane, WorkRow
from popflix.lib.locks import again_when_locked
from popflix.lib.tally import counts

Rows = QuerySet[Any]
Among = Mapping[str, Any] | None


def claim_rows(
    model: type[WorkRow],
    *,
    token: str,
    limit: int,
    lease_seconds: float,
    now: dt.datetime,
    only: Collection[Any] | None = None,
    operators_after: float = 0.0,
    among: Among = None,
) -> list[Any]:
    """Lease up to `limit` due rows, most urgent lane first; returns their keys.

    Each row gets the token, the lease's end as `due_at`, and one attempt more. `only` narrows
    to these keys, `among` to rows with these values: columns that the index has before `lane`.
    What operators want is left for `operators_after` seconds to the runs that were started for
    it: claimed by a long one, it would wait behind all that this one holds already. An empty
    list means that nothing was due at `now`: rows that another worker was claiming at the same
    moment are waited for.
    """
    due = _rows(model, among).filter(due_at__lte=now)
    if only is not None:
        due = due.filter(pk__in=list(only))
    lanes = [due.filter(lane=lane) for lane in Lane.values]
    if operators_after:
        long_due = now - dt.timedelta(seconds=operators_after)
        lanes[Lane.OPERATOR] = lanes[Lane.OPERATOR].filter(due_at__lte=long_due)

    def claim(skip_locked: bool) -> list[Any]:
        with transaction.atomic(using=_database(model)):
            keys = _lock(lanes, limit, skip_locked)
            return _lease(due, keys, token, now + dt.timedelta(seconds=lease_seconds))

    skip = connections[_database(model)].features.has_select_for_update_skip_locked
    keys = again_when_locked(lambda: claim(skip))
    if not keys and skip and any(counts([rows.values("pk")[:1] for rows in lanes])):
        keys = again_when_locked(lambda: claim(False))
    return keys


def _lock(lanes: Sequence[Rows], limit: int, skip_locked: bool) -> list[Any]:
    keys: list[Any] = []
    for rows in _with_rows(lanes):
        if len(keys) < limit:
            oldest = rows.order_by("due_at")
            locked = oldest.select_for_update(skip_locked=skip_locked)
            keys += locked.values_list("pk", flat=True)[: limit - len(keys)]
    return keys


def _with_rows(lanes: Sequence[Rows]) -> list[Rows]:
    """The lanes in which something is due, looked at from the newest end; the last one unseen.

    The oldest end of a lane lies behind what other claims have just taken away: InnoDB reads on
    over all that is not purged yet, 10 ms for each lane, empty or not (measured at a million rows
    while batches are claimed one after the other).
    """
    urgent, last = lanes[:-1], lanes[-1:]
    found = counts([rows.order_by("-due_at").values("pk")[:1] for rows in urgent])
    return [rows for rows, count in zip(urgent, found, strict=True) if count] + [*last]


def _lease(due: Rows, keys: list[Any], token: str, until: dt.datetime) -> list[Any]:
    if not keys:
        return []
    won = due.filter(pk__in=keys).update(
        lease_token=token, due_at=until, attempts=F("attempts") + 1
    )
    if won == len(keys):
        return keys
    mine = set(
        due.model._default_manager.filter(pk__in=keys, lease_token=token).values_list(
            "pk", flat=True
        )
    )
    return [key for key in keys if key in mine]


def renew_rows(
    model: type[WorkRow],
    keys: Collection[Any],
    *,
    token_prefix: str,
    lease_seconds: float,
    now: dt.datetime,
) -> int:
    """Prolong the leases that are still held under this prefix; returns how many are."""
    until = now + dt.timedelta(seconds=lease_seconds)
    return _held(model, keys, token_prefix).update(due_at=until)


def give_back_rows(
    model: type[WorkRow],
    keys: Collection[Any],
    *,
    token_prefix: str,
    due_at: dt.datetime,
) -> int:
    """End leases without a result: due at `due_at`, the attempt not counted."""
    return _held(model, keys, token_prefix).update(due_at=due_at, **_RETURNED)


def release_rows(
    model: type[WorkRow],
    *,
    token_prefix: str,
    now: dt.datetime,
    since: dt.datetime | None = None,
    lease_seconds: float = 3600,
    among: Among = None,
) -> int:
    """Make the rows of a dead run due at once, the attempt not counted; returns how many.

    `since` is the run's last sign of life and `lease_seconds` at least as long as its leases:
    rows whose lease ended earlier are due anyway, so a short range of the index is read.
    """
    latest = now + dt.timedelta(seconds=lease_seconds)
    leased = _rows(model, among).filter(lane__in=Lane.values, due_at__lte=latest)
    if since is not None:
        leased = leased.filter(due_at__gte=since)
    return leased.filter(lease_token__startswith=token_prefix).update(due_at=now, **_RETURNED)


def next_due(
    model: type[WorkRow],
    *,
    now: dt.datetime,
    horizon_seconds: float,
    only: Collection[Any] | None = None,
    among: Among = None,
) -> dt.datetime | None:
    """When the first row falls due, at latest `horizon_seconds` from now; None: none does.

    It may lie in the past. A row that another worker holds counts with its lease's end.
    """
    latest = now + dt.timedelta(seconds=horizon_seconds)
    soon = _rows(model, among).filter(due_at__lte=latest)
    if only is not None:
        soon = soon.filter(pk__in=list(only))
    firsts = [
        soon.filter(lane=lane).order_by("due_at").values_list("due_at", flat=True).first()
        for lane in Lane.values
    ]
    return min((first for first in firsts if first is not None), default=None)


# The attempt is counted at claim; an operator may have set it to 0 since.
_RETURNED: dict[str, Any] = {
    "lease_token": "",
    "attempts": Case(When(attempts__gt=0, then=F("attempts") - 1), default=Value(0)),
}


def _rows(model: type[WorkRow], among: Among = None) -> Rows:
    return model._default_manager.using(_database(model)).filter(**(among or {}))


def _held(model: type[WorkRow], keys: Collection[Any], token_prefix: str) -> Rows:
    return _rows(model).filter(pk__in=list(keys), lease_token__startswith=token_prefix)


def _database(model: type[WorkRow]) -> str:
    return router.db_for_write(model)
