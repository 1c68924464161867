"""What makes rows due before their time: an operator, or other hours than the last run had."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from popflix.engine.models import Lane
from popflix.lib.batches import chunk
from popflix.lib.locks import again_when_locked
from sync.availability.models import Availability, Outcome
from sync.availability.rows import Write, checkable, checked_rows
from sync.availability.types import ProviderConfig

_KEYS_A_STATEMENT = 1000
_KNOWN = (Outcome.AVAILABLE, Outcome.UNAVAILABLE)


def unknown_rows(provider_id: int) -> QuerySet[Availability]:
    """Those whose last check found nothing, given up or not, and that nobody is checking now."""
    return checked_rows(provider_id).filter(last_outcome=Outcome.UNKNOWN, lease_token="")


def rows_without(provider_id: int, region: str) -> QuerySet[Availability]:
    """Those that were checked while the region was not configured."""
    there = Availability.objects.filter(
        movie_id=OuterRef("movie_id"), provider_id=provider_id, region=region,
        season=OuterRef("season"), episode=OuterRef("episode"),
    )  # fmt: skip
    rows = checked_rows(provider_id).filter(last_outcome__in=_KNOWN, lease_token="")
    return rows.filter(~Exists(there))


def misdated_rows(provider_id: int, stale_hours: float) -> QuerySet[Availability]:
    """Those with an answer that are not due `stale_hours` after it.

    What waits for a second look is not among them, nor what an operator wants at once.
    """
    doubted = Availability.objects.filter(
        movie_id=OuterRef("movie_id"), provider_id=provider_id, agreement_count__gt=0
    )
    rows = checked_rows(provider_id).filter(last_outcome__in=_KNOWN, lease_token="")
    rows = rows.exclude(lane=Lane.OPERATOR).exclude(due_at=_after_check(stale_hours))
    return rows.filter(~Exists(doubted))


def revive(rows: QuerySet[Availability], now: dt.datetime, write: Write) -> int:
    """Make these due at once, as if they had never failed; letters among them are alive again."""
    fresh = rows.filter(~Q(due_at__lte=now, given_up_at=None) | Q(due_at=None))
    return _in_slices(
        fresh,
        write,
        lambda some: some.update(due_at=now, attempts=0, error_group="", given_up_at=None),
    )


def hurry(rows: QuerySet[Availability], now: dt.datetime, write: Write) -> int:
    """Make these due at once in the lane they are in."""
    later = rows.filter(due_at__gt=now)
    return _in_slices(later, write, lambda some: some.update(due_at=now))


def redate(rows: QuerySet[Availability], stale_hours: float, write: Write) -> int:
    """Make these due so many hours after their last check."""
    at = _after_check(stale_hours)
    return _in_slices(rows, write, lambda some: some.update(due_at=at))


def ask_now(config: ProviderConfig, provider_id: int, movie_ids: Collection[int],
            now: dt.datetime, write: Write) -> int:  # fmt: skip
    """Make these movies' rows due before all others, missing ones too; returns how many are."""
    return sum(
        again_when_locked(partial(write, partial(ask_some, config, provider_id, some, now)))
        for some in chunk(sorted(movie_ids), _KEYS_A_STATEMENT)
    )


def ask_some(
    config: ProviderConfig, provider_id: int, movie_ids: list[int], now: dt.datetime
) -> int:
    """`ask_now` of at most a thousand movies, in the caller's transaction; returns how many rows
    became due."""
    known = checkable(config.media_types).filter(pk__in=movie_ids)
    rows = [
        Availability(movie_id=pk, provider_id=provider_id, due_at=now)
        for pk in known.values_list("pk", flat=True)
    ]
    Availability.objects.bulk_create(rows, ignore_conflicts=True)
    mine = checked_rows(provider_id).filter(movie_id__in=movie_ids)
    return wanted_now(mine, now)


def wanted_now(rows: QuerySet[Availability], now: dt.datetime) -> int:
    """By an operator; what is being checked this moment stays with whoever checks it."""
    free = rows.filter(Q(lease_token="") | Q(due_at__lte=now))
    return free.update(
        due_at=now, lane=Lane.OPERATOR, attempts=0, lease_token="", error_group="",
        given_up_at=None,
    )  # fmt: skip


def _after_check(stale_hours: float) -> Any:
    return ExpressionWrapper(
        F("last_checked") + dt.timedelta(hours=stale_hours), output_field=DateTimeField()
    )


def _in_slices(
    rows: QuerySet[Availability], write: Write, change: Callable[[QuerySet[Availability]], int]
) -> int:
    count = 0
    for keys in _pages(rows):
        those = rows.filter(pk__in=keys)
        count += again_when_locked(partial(write, partial(change, those)))
    return count


def _pages(rows: QuerySet[Availability]) -> Iterator[list[int]]:
    """Keys of the rows, a page at a time by key: they may be changed meanwhile."""
    last = 0
    while True:
        ordered = rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
        page = list(ordered[:_KEYS_A_STATEMENT])
        if not page:
            return
        yield page
        last = page[-1]
