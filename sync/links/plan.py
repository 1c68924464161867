"""What a run would ask, without asking: counts, requests and the time they need at least."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q

from popflix.engine.models import Lane
from sync.links import selection
from sync.links.enrich import require_titles
from sync.links.match import TV, Wanted
from sync.links.models import Enrichment, ProcessedStatus, Title
from sync.links.wish import STALE_DAYS, Wish

_PACE = 1.01  # the limiter's gap between two requests is this much over 1/rate


@dataclass(frozen=True)
class Part:
    """Titles of one lane and one kind of record; series cost two requests, films one."""

    lane: str
    kind: str
    titles: int

    @property
    def requests(self) -> int:
        return self.titles * (2 if self.kind == TV else 1)


@dataclass(frozen=True)
class Plan:
    parts: Sequence[Part]
    titles: int
    requests: int
    rate: float

    @property
    def seconds(self) -> float:
        return self.requests * _PACE / self.rate

    def as_json(self) -> dict[str, object]:
        parts = [
            {"lane": p.lane, "kind": p.kind, "titles": p.titles, "requests": p.requests}
            for p in self.parts
        ]
        return {
            "dry_run": True,
            "titles": self.titles,
            "requests": self.requests,
            "seconds": round(self.seconds, 1),
            "allowed_rate": self.rate,
            "parts": parts,
        }

    def lines(self) -> Iterator[str]:
        for part in self.parts:
            yield f"{part.titles:>10,} {part.kind} titles in lane {part.lane}"
        yield (
            f"Dry run: {self.titles:,} titles would be asked in about {self.requests:,} requests, "
            f"{dt.timedelta(seconds=math.ceil(self.seconds))} at {self.rate:g}/s. "
            "Nothing was asked or written."
        )


def plan(wish: Wish, now: dt.datetime) -> Plan:
    """Raises OperatorError where there are no titles. A title asked for by id counts once."""
    require_titles()
    counts = _missing(wish, now) + _due(wish, now)
    parts = [
        Part(Lane(lane).label.lower(), kind, titles)
        for (lane, kind), titles in sorted(counts.items())
    ]
    titles, requests = sum(p.titles for p in parts), sum(p.requests for p in parts)
    if wish.limit is not None and titles > wish.limit:
        titles, requests = wish.limit, math.ceil(requests * wish.limit / titles)
    return Plan(parts, titles, requests, settings.TMDB_RATE_PER_SECOND)


def _due(wish: Wish, now: dt.datetime) -> Counter[tuple[int, str]]:
    if wish.imdb_ids:
        rows = Enrichment.objects.filter(pk__in=wish.imdb_ids)
    else:
        rows = Enrichment.objects.filter(_wanted(wish, now))
    grouped = rows.values_list("lane", "link__title__title_type").annotate(Count("pk"))
    counts: Counter[tuple[int, str]] = Counter()
    for lane, title_type, titles in grouped.order_by():
        lane = Lane.OPERATOR if wish.imdb_ids else lane
        counts[lane, _kind(title_type)] += titles
    return counts


def _wanted(wish: Wish, now: dt.datetime) -> Q:
    condition = Q(due_at__lte=now)
    if wish.retry_failed is not None:
        condition |= selection.failed(wish.retry_failed)
    if wish.stale_days is not None:
        condition |= selection.stale(now, wish.stale_days)
    return condition


def _missing(wish: Wish, now: dt.datetime) -> Counter[tuple[int, str]]:
    """Titles without a work row, which the run would first give one (see `ensure_links`)."""
    titles = Title.objects.filter(media_links__enrichment=None)
    if wish.imdb_ids:
        titles, lane = titles.filter(pk__in=wish.imdb_ids), Lane.OPERATOR
    else:
        refresh = now - dt.timedelta(days=STALE_DAYS)
        answered = Q(media_links__processed_status=ProcessedStatus.SUCCESS)
        new = Q(media_links=None, title_type__in=settings.POPFLIX_TITLE_TYPES)
        adopted = Q(media_links__isnull=False) & (
            ~answered | Q(media_links__last_updated__lte=refresh)
        )
        titles, lane = titles.filter(new | adopted), Lane.BACKFILL
    counts: Counter[tuple[int, str]] = Counter()
    for title_type, number in titles.values_list("title_type").annotate(Count("pk")).order_by():
        counts[lane, _kind(title_type)] += number
    return counts


def _kind(title_type: str | None) -> str:
    return Wanted("", title_type or "", "", "", None).media_types[0]
