"""The rows of a crawl: which one goes on, and what is written as it moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db.models import F, QuerySet

from popflix.engine.context import RunContext
from popflix.engine.models import Run
from popflix.engine.states import TERMINAL
from popflix.lib.errors import OperatorError
from sync.movies.crawl_models import (
    REASON_LENGTH,
    Crawl,
    CrawlGap,
    CrawlSource,
    CrawlState,
    CrawlWindow,
    WindowState,
)

GAP_SECONDS = 30.0  # after a first failure; longer after each other
MOST_GAP_ATTEMPTS = 5
_MOST_LINE_GAPS = 100


def take_up(
    ctx: RunContext, source: CrawlSource, media_type: str, params: Mapping[str, object]
) -> Crawl:
    """The crawl of this kind that is not done yet, else a new one; this run's from here on.

    Raises OperatorError while another run lists for it.
    """
    with ctx.commit():
        same = Crawl.objects.select_for_update().filter(media_type=media_type, source=source)
        for crawl in same.exclude(state=CrawlState.DONE).order_by("-id"):
            if crawl.params == dict(params):
                return _claimed(ctx, crawl)
        return Crawl.objects.create(
            media_type=media_type, source=source, params=dict(params), run_id=ctx.run_id,
            started_at=ctx.now(),
        )  # fmt: skip


def _claimed(ctx: RunContext, crawl: Crawl) -> Crawl:
    other = crawl.run_id or 0
    is_anothers = crawl.state == CrawlState.LISTING and other not in (0, ctx.run_id)
    if is_anothers and Run.objects.filter(pk=other).exclude(status__in=TERMINAL).exists():
        raise OperatorError(
            f"Run {other} is listing ids for the same crawl.",
            "Wait until it fetches, or start `refresh_movies` to fetch beside it.",
        )
    crawl.run_id = ctx.run_id
    crawl.save(update_fields=["run"])
    return crawl


def add_up(crawl: Crawl, *, listed: int, new: int, **columns: object) -> None:
    """Count what was just listed, in the caller's commit."""
    Crawl.objects.filter(pk=crawl.pk).update(
        listed_count=F("listed_count") + listed, new_count=F("new_count") + new, **columns
    )


def record_line(crawl: Crawl, line: int, why: str, now: dt.datetime) -> None:
    """A line of an export that cannot be read; only so many are told one by one."""
    known = CrawlGap.objects.filter(crawl=crawl, line__isnull=False)
    if known.count() < _MOST_LINE_GAPS and not known.filter(line=line).exists():
        CrawlGap.objects.create(crawl=crawl, line=line, reason=why[:REASON_LENGTH], found_at=now)


def record_page(crawl: Crawl, window_id: int, page: int, why: str, now: dt.datetime) -> None:
    """A page that failed, for the first time or again."""
    gap, is_new = CrawlGap.objects.get_or_create(
        crawl=crawl, window_id=window_id, page=page, resolved_at=None,
        defaults={"reason": why[:REASON_LENGTH], "found_at": now, "due_at": _later(now, 1)},
    )  # fmt: skip
    if not is_new:
        gap.attempts += 1
        gap.reason = why[:REASON_LENGTH]
        gap.due_at = _later(now, gap.attempts) if gap.attempts < MOST_GAP_ATTEMPTS else None
        gap.save(update_fields=["attempts", "reason", "due_at"])


def open_gaps(crawl: Crawl) -> QuerySet[CrawlGap]:
    """Those that are tried again: parts of windows, unless that failed too often."""
    gaps = CrawlGap.objects.filter(crawl=crawl, resolved_at=None, window__isnull=False)
    return gaps.filter(attempts__lt=MOST_GAP_ATTEMPTS)


def reopen(crawl: Crawl) -> int:
    """Have windows with gaps read again from their first page; returns how many."""
    gaps = open_gaps(crawl)
    windows = CrawlWindow.objects.filter(pk__in=set(gaps.values_list("window_id", flat=True)))
    keys = list(gaps.filter(page=None).values_list("pk", flat=True))
    CrawlGap.objects.filter(pk__in=keys).update(attempts=F("attempts") + 1)
    return windows.update(state=WindowState.NEW, next_page=1, passes=0)


def _later(now: dt.datetime, attempts: int) -> dt.datetime:
    return now + dt.timedelta(seconds=GAP_SECONDS * 3.0 ** (attempts - 1))
