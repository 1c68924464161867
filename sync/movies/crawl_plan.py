"""The figures of a plan: an export is read, /discover is asked how many it has."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import Q

from popflix.engine.models import Lane, Run
from popflix.engine.registry import registry
from popflix.lib.batches import chunk
from popflix.lib.clock import Clock
from popflix.lib.limiter.survey import survey
from sync.movies.crawl_models import CrawlSource
from sync.movies.crawl_wish import CrawlWish
from sync.movies.due import LONGEST_DAYS
from sync.movies.export_file import fetch_newest
from sync.movies.fetching import due_rows
from sync.movies.idset import IdSet
from sync.movies.listing import needed_ids
from sync.movies.models import Movie
from sync.movies.planner import Plan, pages_for
from sync.movies.windows import BY_DATE
from sync.tmdb.catalogue import build_catalogue
from sync.tmdb.client import BUCKET, tmdb_limiter

_IN_ONE_GO = 5000


def plan(wish: CrawlWish, clock: Clock) -> Plan:
    """Raises OperatorError where the export or TMDB cannot be had."""
    now = clock.now()
    pages = 0
    if wish.source == CrawlSource.EXPORT:
        source, listed, needed = _of_export(wish, now)
    else:
        source, listed, needed = _of_discover(wish, clock)
        pages = pages_for(listed)
    due = due_rows(now).count()
    return Plan(source, listed, needed, due, pages, _rate(), wish.limit, _sharers())


def _of_export(wish: CrawlWish, now: dt.datetime) -> tuple[str, int, int]:
    export = fetch_newest(wish.media_type, now.date(), include_adult=wish.include_adult)
    listed = IdSet(export.ids(include_adult=wish.include_adult))
    needed = sum(len(needed_ids(wish.media_type, some, now)) for some in chunk(listed, _IN_ONE_GO))
    return export.name, len(listed), needed


def _of_discover(wish: CrawlWish, clock: Clock) -> tuple[str, int, int]:
    """One question; what is held fresh of the span is taken for listed."""
    client = build_catalogue(tmdb_limiter(clock), clock)
    span = wish.span
    try:
        told = client.discover(
            wish.media_type, 1, Lane.BACKFILL, days=(span.first, span.last), order=BY_DATE,
            include_adult=wish.include_adult,
        )  # fmt: skip
    finally:
        client.close()
    fresh = clock.now() - dt.timedelta(days=LONGEST_DAYS)
    held = Movie.objects.filter(
        Q(fetched_at__gt=fresh) | Q(excluded_at__isnull=False),
        media_type=wish.media_type,
        release_date__range=(span.first, span.last),
    ).count()
    return "the discover list", told.total_results, max(0, told.total_results - held)


def _rate() -> float:
    """In force now: TMDB may have asked for less."""
    now = [bucket.rate for bucket in survey() if bucket.name == BUCKET]
    return min([settings.TMDB_RATE_PER_SECOND, *now])


def _sharers() -> list[str]:
    names = [unit.name for unit in registry.units() if unit.bucket == BUCKET]
    active = Run.objects.filter(unit__in=names, active_key__isnull=False, slot__isnull=False)
    return [f"{unit} (run {pk})" for unit, pk in active.values_list("unit", "pk").order_by("pk")]
