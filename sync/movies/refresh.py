"""The refresh: what TMDB changed since the last one, and what is old by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.conf import settings
from django.db.models import QuerySet

from popflix.engine.context import RunContext
from popflix.engine.models import Lane
from popflix.lib.batches import chunk
from sync.movies.crawl_models import Crawl, CrawlSource, CrawlState
from sync.movies.crawl_rows import take_up
from sync.movies.crawl_wish import RefreshWish
from sync.movies.due import LONGEST_DAYS
from sync.movies.fetching import Fetching, fetching
from sync.movies.held import IN_ONE_STATEMENT
from sync.movies.list_pages import list_changes, open_windows
from sync.movies.models import AskedBy, Movie, UpstreamState
from sync.movies.named import ask_for_named
from sync.movies.pages import Rules
from sync.movies.windows import day_windows
from sync.movies.work import ask_for
from sync.tmdb.catalogue import MOST_CHANGED_DAYS


def refresh_movies(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit `refresh-movies`: ids that were named, or whatever is due."""
    wish = RefreshWish(**ctx.params)  # type: ignore[arg-type]  # cleaned when stored
    with fetching(ctx, wish) as work:
        if wish.tmdb_ids:
            work.fetch(only=ask_for_named(ctx, wish.media_type, wish.tmdb_ids))
            return work.totals()
        crawl = _changes(ctx, wish, work)
        if crawl is not None:
            aged = _ask_for_aged(ctx)
            work.fetch()
            return {**work.totals(), "changed": crawl.new_count, "aged": aged}
        return {**work.totals(), "changed": None, "aged": None}


def _changes(ctx: RunContext, wish: RefreshWish, work: Fetching) -> Crawl | None:
    """Follow the feed since the last day that was read; None: stopped on the way."""
    today = ctx.now().date()
    done = Crawl.objects.filter(
        media_type=wish.media_type, source=CrawlSource.CHANGES, state=CrawlState.DONE
    )
    since = done.order_by("-until").values_list("until", flat=True).first()
    crawl = take_up(ctx, CrawlSource.CHANGES, wish.media_type, {})
    if crawl.until is None:
        _tell_reach(ctx, since, today)
        # The last day was not over when it was read: it is read again.
        spans = day_windows(since or today - dt.timedelta(days=1), today, MOST_CHANGED_DAYS)
        open_windows(ctx, crawl, spans, start_page=1, with_all=False)
        with ctx.commit():
            crawl.until = today
            crawl.save(update_fields=["until"])
    rules = Rules(settings.TMDB_DISCOVER_PAGES, verify=False)
    return crawl if list_changes(ctx, crawl, work.client, rules) else None


def _tell_reach(ctx: RunContext, since: dt.date | None, today: dt.date) -> None:
    if since is None:
        ctx.note("The first refresh: the changes of yesterday and today; the rest goes by age.")
    elif (today - since).days >= MOST_CHANGED_DAYS:
        ctx.note(
            f"The last refresh was on {since}, and the changes feed reaches back "
            f"{MOST_CHANGED_DAYS} days: what changed before is fetched by its age."
        )


def aged_movies(now: dt.datetime) -> QuerySet[Movie, tuple[str, int, int]]:
    """Media type, TMDB's id and key of each, the least recently fetched first."""
    old = now - dt.timedelta(days=LONGEST_DAYS)
    live = Movie.objects.filter(upstream_state=UpstreamState.LIVE, excluded_at=None)
    aged = live.filter(fetched_at__lte=old).exclude(fetches__due_at__isnull=False)
    aged = aged.exclude(fetches__given_up_at__isnull=False).order_by("fetched_at")
    return aged.values_list("media_type", "tmdb_id", "id")


def _ask_for_aged(ctx: RunContext) -> int:
    """Movies that grow too old and that nothing asks for, the least recently fetched first.

    Most fall due by themselves (`due_at` of their work); these were imported, or lost their row.
    What was given up stays a letter.
    """
    now = ctx.now()
    found = list(aged_movies(now))
    for some in chunk(found, IN_ONE_STATEMENT):
        with ctx.commit():
            for media_type in {row[0] for row in some}:
                movies = {tmdb_id: pk for kind, tmdb_id, pk in some if kind == media_type}
                ask_for(
                    media_type, movies, asked_by=AskedBy.AGE, lane=Lane.BACKFILL, due_at=now,
                    now=now, wake=True,
                )  # fmt: skip
    return len(found)
