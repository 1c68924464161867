"""Which rows a run works on: what operators ask for, what is due, what is left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from django.db.models import F, Q, QuerySet

from popflix.engine.models import Lane
from popflix.lib.batches import chunk
from popflix.lib.errors import OperatorError, UsageError
from sync.links.models import Enrichment, FailureKind, MediaLinks, ProcessedStatus, Title
from sync.links.tconst import parse_tconst

_KEYS_A_STATEMENT = 500
_ROWS_A_PAGE = 5000


def normalised_ids(texts: Iterable[str]) -> list[str]:
    """IMDb ids in IMDb's own form, each once, in the order given.

    Takes bare numbers and title addresses too. Raises UsageError naming what is no id.
    """
    parsed = {text: parse_tconst(text) for text in texts}
    odd = [text for text, tconst in parsed.items() if tconst is None]
    if odd:
        raise UsageError(
            f"No IMDb id: {', '.join(odd[:10])}.",
            "Write ids as tt0111161, or paste the address of IMDb's title page.",
        )
    return list(dict.fromkeys(tconst for tconst in parsed.values() if tconst is not None))


def require_known(tconsts: Sequence[str]) -> None:
    """Raises OperatorError naming the ids that TitleBasics does not hold."""
    known: set[str] = set()
    for some in chunk(tconsts, _KEYS_A_STATEMENT):
        known.update(Title.objects.filter(pk__in=some).values_list("pk", flat=True))
    missing = [tconst for tconst in tconsts if tconst not in known]
    if missing:
        more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
        raise OperatorError(
            f"TitleBasics does not hold {', '.join(missing[:10])}{more}.",
            "Correct the ids, or load IMDb's present list with import_imdb.",
        )


def ask_now(tconsts: Sequence[str], now: dt.datetime, kin: Collection[int]) -> None:
    """Make the rows of these titles due at once in the operator's lane, whatever their type.

    A row that a live run holds is left to it, and one that a run of `kin` answered already is
    done (see `settled_by`). Call it in a transaction.
    """
    for some in chunk(tconsts, _KEYS_A_STATEMENT):
        links = [MediaLinks(title_id=tconst, last_updated=now) for tconst in some]
        MediaLinks.objects.bulk_create(links, ignore_conflicts=True)
        rows = [Enrichment(link_id=tconst, due_at=now) for tconst in some]
        Enrichment.objects.bulk_create(rows, ignore_conflicts=True)
        free = Enrichment.objects.filter(Q(lease_token="") | Q(due_at__lte=now), pk__in=some)
        asked = list(free.exclude(settled_by(kin)).values_list("pk", flat=True))
        free.filter(pk__in=asked).update(
            due_at=now,
            lane=Lane.OPERATOR,
            attempts=0,
            lease_token="",
            error_group="",
            given_up_at=None,
        )
        _set_pending(asked, ProcessedStatus.FAILED)


def retry(tconsts: Sequence[str], now: dt.datetime, *, lane: int | None) -> int:
    """Forget what failed and ask again at once; a run that holds a row loses it.

    `lane` None leaves the rows in theirs. Returns how many rows there were. Call it in a
    transaction.
    """
    changed: dict[str, Any] = {} if lane is None else {"lane": lane}
    count = 0
    for some in chunk(tconsts, _KEYS_A_STATEMENT):
        count += Enrichment.objects.filter(pk__in=some).update(
            due_at=now,
            attempts=0,
            lease_token="",
            failure_kind="",
            error_group="",
            given_up_at=None,
            last_error="",
            **changed,
        )
        _set_pending(some, ProcessedStatus.FAILED, ProcessedStatus.SUCCESS)
    return count


def pending_again(tconsts: Sequence[str], now: dt.datetime) -> None:
    """What a retry of given-up rows means to their links. Call it in its transaction."""
    for some in chunk(tconsts, _KEYS_A_STATEMENT):
        _set_pending(some, ProcessedStatus.FAILED)


def _set_pending(tconsts: Sequence[str], *statuses: str) -> None:
    # last_updated is named, or MySQL's ON UPDATE would stamp it: no link changes here.
    MediaLinks.objects.filter(pk__in=tconsts, processed_status__in=statuses).update(
        processed_status=ProcessedStatus.PENDING, last_updated=F("last_updated")
    )


def require_kind(kind: str) -> None:
    """Raises UsageError listing the kinds, unless `kind` is one or empty (any)."""
    if kind and kind not in FailureKind.values:
        raise UsageError(
            f"There is no failure kind {kind}.", f"Choose one of {', '.join(FailureKind.values)}."
        )


def failed(kind: str = "") -> Q:
    """Rows that are FAILED, of one kind or of any."""
    condition = Q(link__processed_status=ProcessedStatus.FAILED)
    return condition & Q(failure_kind=kind) if kind else condition


def stale(now: dt.datetime, days: int) -> Q:
    """Rows with an answer of this age whose refresh is not due yet."""
    limit = now - dt.timedelta(days=days)
    old = Q(fetched_at__lte=limit) | Q(fetched_at=None, link__last_updated__lte=limit)
    return old & Q(link__processed_status=ProcessedStatus.SUCCESS, due_at__gt=now, lease_token="")


def make_due(tconsts: Sequence[str], now: dt.datetime) -> int:
    """Bring the next refresh forward, in the lane the rows are in; leases stay untouched."""
    free = Enrichment.objects.filter(lease_token="")
    return sum(
        free.filter(pk__in=some).update(due_at=now) for some in chunk(tconsts, _KEYS_A_STATEMENT)
    )


def pages(condition: Q) -> Iterator[list[str]]:
    """Keys of the rows that fulfil it, a page at a time, in key order.

    Paged by key, not by offset: the pages may be changed meanwhile.
    """
    rows, last = Enrichment.objects.filter(condition), ""
    while True:
        ordered = rows.filter(pk__gt=last).order_by("pk")
        page = list(ordered.values_list("pk", flat=True)[:_ROWS_A_PAGE])
        if not page:
            return
        yield page
        last = page[-1]


def settled_by(kin: Collection[int]) -> Q:
    """Rows that one of these runs wrote last: a run that goes on does not ask them again."""
    return Q(last_run_id__in=list(kin))


def due_rows(now: dt.datetime, only: Collection[str] | None = None) -> QuerySet[Enrichment]:
    rows = Enrichment.objects.filter(due_at__lte=now)
    return rows if only is None else rows.filter(pk__in=list(only))


def count_pending(title_types: Collection[str]) -> int:
    """Titles of these types that TMDB never answered, or whose next try is still to come."""
    pending = MediaLinks.objects.filter(processed_status=ProcessedStatus.PENDING)
    return pending.filter(title__title_type__in=list(title_types)).count()
