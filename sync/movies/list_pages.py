"""Listing the ids of /discover and /changes, window by window."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.db.models import Q, Sum

from popflix.engine.context import RunContext
from popflix.engine.drain import drain
from popflix.engine.models import Lane
from popflix.engine.pipeline import run_pipeline
from popflix.lib.batches import chunk
from sync.movies.crawl_models import Crawl, CrawlState, CrawlWindow, WindowState
from sync.movies.crawl_rows import open_gaps, reopen
from sync.movies.held import IN_ONE_STATEMENT
from sync.movies.listing import list_ids
from sync.movies.models import AskedBy, Movie
from sync.movies.open_window import Asked
from sync.movies.pages import Ask, ListIds, PageSource, Rules
from sync.movies.windows import BY_DATE, Span
from sync.movies.work import ask_for, purged_ids
from sync.tmdb.catalogue import CatalogueClient, IdPage

BATCH_PAGES = 100
_OPEN = (WindowState.NEW, WindowState.PAGES)
Read = Sequence[tuple[Asked, IdPage]]


def open_windows(
    ctx: RunContext, crawl: Crawl, spans: Sequence[Span], *, start_page: int, with_all: bool
) -> None:
    """The windows that a crawl begins with; `with_all` has all titles counted as well."""
    if CrawlWindow.objects.filter(crawl=crawl).exists():
        return
    order = BY_DATE if with_all or crawl.source != "changes" else ""
    rows = [CrawlWindow(crawl=crawl, order=order)] if with_all else []
    rows += [
        CrawlWindow(
            crawl=crawl, from_date=span.first, to_date=span.last, order=order, next_page=start_page
        )
        for span in spans
    ]
    with ctx.commit():
        CrawlWindow.objects.bulk_create(rows)


def list_discover(
    ctx: RunContext, crawl: Crawl, client: CatalogueClient, rules: Rules, *, include_adult: bool
) -> bool:
    """False: stopped on the way; the windows keep how far each is."""

    def ask(asked: Asked) -> IdPage:
        return client.discover(
            crawl.media_type, asked.page, Lane.BACKFILL,
            days=asked.days, order=asked.order, include_adult=include_adult,
        )  # fmt: skip

    def listed(read: Read) -> int:
        # The window of all titles is only counted: what has a date, its own window lists.
        ids = {number for _, page in read for number in page.ids}
        return list_ids(crawl.media_type, ids, asked_by=AskedBy.DISCOVER, now=ctx.now())

    if not _read_windows(ctx, crawl, ask, listed, rules):
        return False
    with ctx.commit():
        crawl.refresh_from_db()
        crawl.undated_count = _undated(crawl)
        if rules.may_split:  # pages that were read again, after a crash or not, counted again
            crawl.listed_count = _dated(crawl)
        crawl.state = CrawlState.FETCHING
        crawl.save(update_fields=["undated_count", "listed_count", "state"])
    crawl.refresh_from_db()
    ctx.note(f"{crawl.listed_count:,} ids listed, {crawl.new_count:,} of them new.")
    if crawl.undated_count:
        ctx.note(f"{crawl.undated_count:,} titles have no date: no window reaches them.")
    return True


def list_changes(ctx: RunContext, crawl: Crawl, client: CatalogueClient, rules: Rules) -> bool:
    """The same for the days of the changes feed."""

    def ask(asked: Asked) -> IdPage:
        assert asked.days is not None
        return client.changes(crawl.media_type, asked.page, Lane.SCHEDULE, days=asked.days)

    def listed(read: Read) -> int:
        return _wake_changed(crawl.media_type, read, ctx.now())

    if not _read_windows(ctx, crawl, ask, listed, rules):
        return False
    if open_gaps(crawl).exists():
        ctx.note("Some days of the changes feed were not read; the next refresh tries again.")
    else:
        with ctx.commit():
            Crawl.objects.filter(pk=crawl.pk).update(state=CrawlState.DONE, finished_at=ctx.now())
    crawl.refresh_from_db()
    ctx.note(f"{crawl.listed_count:,} ids changed, {crawl.new_count:,} of them to be fetched.")
    return True


def _read_windows(ctx: RunContext, crawl: Crawl, ask: Ask, listed: ListIds, rules: Rules) -> bool:
    """Read what is open, and what was left with gaps; those of this time once more."""
    for _ in range(2):
        with ctx.commit():
            reopen(crawl)
        source = PageSource(ctx, crawl, ask, listed, rules)
        drain(
            ctx,
            lambda so_far: run_pipeline(
                ctx,
                source,  # noqa: B023 - at once
                concurrency=settings.TMDB_CONCURRENCY,
                batch_size=BATCH_PAGES,
                retries=settings.TMDB_RETRIES,
            ),
            next_due=lambda horizon_seconds: None,
            what="pages",
        )
        if ctx.parking is not None or ctx.should_stop():
            return False
        if not open_gaps(crawl).exists():
            break
    return True


def _dated(crawl: Crawl) -> int:
    """What the windows that were read have between them: each title lies in one."""
    read = CrawlWindow.objects.filter(crawl=crawl, from_date__isnull=False)
    read = read.filter(state__in=(WindowState.DONE, WindowState.SHORT))
    return read.aggregate(count=Sum("total_results"))["count"] or 0


def _undated(crawl: Crawl) -> int | None:
    windows = CrawlWindow.objects.filter(crawl=crawl).order_by("id")
    whole = windows.filter(from_date=None).first()
    dated = windows.filter(from_date__isnull=False).first()
    if whole is None or dated is None or None in (whole.total_results, dated.total_results):
        return None
    return max(0, (whole.total_results or 0) - (dated.total_results or 0))


def _wake_changed(media_type: str, read: Read, now: dt.datetime) -> int:
    """What was fetched after the day of its change is as it should be; excluded stays so."""
    by_day: defaultdict[dt.date, set[int]] = defaultdict(set)
    for asked, page in read:
        assert asked.days is not None
        by_day[asked.days[1]].update(page.ids)
    count = 0
    for day, ids in sorted(by_day.items()):
        after = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
        for some in chunk(sorted(ids), IN_ONE_STATEMENT):
            held = Movie.objects.filter(media_type=media_type, tmdb_id__in=some)
            passed = Q(fetched_at__gte=after) | Q(excluded_at__isnull=False)
            needless = set(held.filter(passed).values_list("tmdb_id", flat=True))
            needless |= purged_ids(media_type, some)
            movies = dict.fromkeys(number for number in some if number not in needless)
            movies |= dict(held.filter(tmdb_id__in=list(movies)).values_list("tmdb_id", "id"))
            ask_for(
                media_type, movies, asked_by=AskedBy.CHANGES, lane=Lane.SCHEDULE, due_at=now,
                now=now, wake=True,
            )  # fmt: skip
            count += len(movies)
    return count
