"""The crawl: every id of a source becomes work, the work is done, and a certificate tells how
much of the catalogue is held. Killed anywhere, it goes on behind its cursor.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from popflix.engine.context import RunContext
from popflix.lib.errors import OperatorError
from sync.movies.certify import certify
from sync.movies.crawl_models import Certificate, Crawl, CrawlSource, CrawlState
from sync.movies.crawl_rows import open_gaps, take_up
from sync.movies.crawl_wish import CrawlWish
from sync.movies.export_file import Export, fetch_export, fetch_newest
from sync.movies.fetching import Fetching, fetching
from sync.movies.list_export import list_export
from sync.movies.list_pages import list_discover, open_windows
from sync.movies.pages import Rules


def crawl_movies(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit `crawl-movies`."""
    wish = CrawlWish(**ctx.params)  # type: ignore[arg-type]  # cleaned when stored
    with fetching(ctx, wish) as work:
        crawl = take_up(ctx, CrawlSource(wish.source), wish.media_type, wish.identity)
        certificate = None
        is_listed = crawl.state != CrawlState.LISTING or _list(ctx, crawl, wish, work)
        is_done = is_listed and work.fetch()
        if is_done and open_gaps(crawl).exists():  # by now they may be read
            is_done = _list(ctx, crawl, wish, work) and work.fetch()
        if is_done:
            certificate = _finish(ctx, crawl)
        return {**work.totals(), **_told(crawl, certificate)}


def _list(ctx: RunContext, crawl: Crawl, wish: CrawlWish, work: Fetching) -> bool:
    if wish.source == CrawlSource.EXPORT:
        if wish.start_index and not crawl.cursor:
            crawl.cursor = wish.start_index
        return list_export(ctx, crawl, include_adult=wish.include_adult)
    start_page = wish.start_page or 1
    open_windows(ctx, crawl, [wish.span], start_page=start_page, with_all=wish.is_whole)
    is_free = wish.start_page is None
    rules = Rules(settings.TMDB_DISCOVER_PAGES, verify=is_free, may_split=is_free)
    return list_discover(ctx, crawl, work.client, rules, include_adult=wish.include_adult)


def _finish(ctx: RunContext, crawl: Crawl) -> Certificate | None:
    """The crawl is done, and certified against its export or the newest there is."""
    with ctx.commit():
        crawl.state, crawl.finished_at = CrawlState.DONE, ctx.now()
        crawl.save(update_fields=["state", "finished_at"])
    try:
        export = _export_for(ctx, crawl)
    except OperatorError as error:
        ctx.note(f"No certificate: {error}")
        return None
    certificate = certify(export, crawl.media_type, now=ctx.now(), crawl=crawl)
    ctx.note(certificate.told)
    return certificate.row


def _export_for(ctx: RunContext, crawl: Crawl) -> Export:
    adult = bool(crawl.params.get("include_adult"))
    if crawl.export_name:
        return fetch_export(crawl.export_name, include_adult=adult)
    return fetch_newest(crawl.media_type, ctx.now().date(), include_adult=adult)


def _told(crawl: Crawl, certificate: Certificate | None) -> dict[str, object]:
    crawl.refresh_from_db()
    return {
        "crawl": crawl.pk,
        "state": crawl.state,
        "listed": crawl.listed_count,
        "new": crawl.new_count,
        "undated": crawl.undated_count,
        "gaps": crawl.gaps.filter(resolved_at=None).count(),
        "certificate": certificate.pk if certificate else None,
        "percent": certificate.percent if certificate else None,
        "missing": certificate.missing if certificate else None,
    }
