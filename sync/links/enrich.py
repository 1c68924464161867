"""The main job: every IMDb title gets its poster and trailer from TMDB.

One body for the foreground command and for the queue: rows are claimed, asked and settled by the
engine's pipeline until nothing is due; what falls due within a minute is waited for.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from popflix.engine.context import RunContext
from popflix.engine.drain import drain
from popflix.engine.models import Run
from popflix.engine.pipeline import run_pipeline
from popflix.engine.source import PipelineEnd
from popflix.engine.work import next_due
from popflix.lib.errors import OperatorError
from popflix.lib.http import Refused
from popflix.lib.limiter import Limiter
from sync.links import selection
from sync.links.decide import Policy
from sync.links.ensure_links import ensure_links
from sync.links.kin import attempts_of, done_by, kin_of
from sync.links.lookup import DirectLookUps, LookUp
from sync.links.models import Enrichment, Title
from sync.links.source import LinkSource
from sync.links.totals import added_up
from sync.links.wish import Wish
from sync.tmdb import key
from sync.tmdb.client import TmdbClient, build_client, tmdb_limiter

log = logging.getLogger(__name__)
# At 38 requests a second half a batch comes first; a slower upstream still shows progress.
COMMIT_EVERY_SECONDS = 2.0
_DAY_SECONDS = 86_400.0
_NO_TITLES = "TitleBasics holds no titles."


def enrich(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit `sync-media-links`; returns the figures of `totals`.

    Raises OperatorError where no key is set or there are no titles, and StopsUnit where TMDB
    refuses the key.
    """
    limiter = tmdb_limiter(ctx.clock)
    client = build_client(limiter, ctx.clock)
    try:
        return _Campaign(ctx, client, limiter).run()
    except Refused as refused:
        raise key.refused(str(refused)) from None
    finally:
        client.close()


class _Campaign:
    """One claim of one run."""

    def __init__(self, ctx: RunContext, client: TmdbClient, limiter: Limiter) -> None:
        self._ctx, self._client, self._limiter = ctx, client, limiter
        run = Run.objects.get(pk=ctx.run_id)
        self._attempts, self._kin = attempts_of(run), kin_of(run)
        self._wish = Wish(**ctx.params)  # type: ignore[arg-type]  # cleaned when stored
        self._direct = DirectLookUps()
        self._source = LinkSource(
            ctx,
            LookUp(client, self._direct, settings.POPFLIX_LANGUAGES, _poster_prefix()),
            Policy(settings.POPFLIX_MAX_ATTEMPTS, self._wish.refresh_after_days),
            lease_seconds=settings.POPFLIX_LEASE_SECONDS,
            only=self._wish.only,
        )
        self._said_no_direct = False
        self._began = ctx.clock.monotonic()

    def run(self) -> dict[str, object]:
        require_titles()
        if not self._ctx.earlier:  # parked before, it was prepared before
            self._prepare()
        figures = drain(self._ctx, self._work, next_due=self._next_due, what="titles")
        totals = added_up(self._ctx.earlier, self._totals(figures))
        counts = [totals[name] for name in ("success", "failed", "pending", "requests")]
        log.info("%s found, %s failed, %s pending after %s requests", *counts)
        return totals

    # --- what the operator asked for ------------------------------------------------------

    def _prepare(self) -> None:
        """Make the wanted rows exist and fall due, in commits of a page each."""
        ctx, wish = self._ctx, self._wish
        ensure_links(settings.POPFLIX_TITLE_TYPES, ctx.now())
        if wish.imdb_ids:
            with ctx.commit():
                selection.ask_now(wish.imdb_ids, ctx.now(), self._kin)
        if wish.retry_failed is not None:
            self._retry_failed(wish.retry_failed)
        if wish.stale_days is not None:
            for page in selection.pages(selection.stale(ctx.now(), wish.stale_days)):
                with ctx.commit():
                    selection.make_due(page, ctx.now())
        due = selection.due_rows(ctx.now(), wish.only).count()
        left = self._limit_left()
        ctx.progress(total=done_by([ctx.run_id]) + (due if left is None else min(due, left)))

    def _retry_failed(self, kind: str) -> None:
        # Rows that this order failed stay so when it goes on after a crash or a failed attempt.
        earlier = selection.failed(kind) & ~selection.settled_by(self._kin)
        count = 0
        for page in selection.pages(earlier):
            with self._ctx.commit():
                count += selection.retry(page, self._ctx.now(), lane=None)
        self._ctx.note(f"{count} failed titles{f' ({kind})' if kind else ''} are asked again.")

    # --- the work -------------------------------------------------------------------------

    def _work(self, so_far: PipelineEnd) -> PipelineEnd:
        return run_pipeline(
            self._ctx,
            self._source,
            concurrency=self._wish.threads,
            batch_size=self._wish.batch_size,
            retries=settings.TMDB_RETRIES,
            limit=self._limit_left(),
            commit_every_seconds=COMMIT_EVERY_SECONDS,
            lease_seconds=settings.POPFLIX_LEASE_SECONDS,
            on_progress=self._tell_direct,
        )

    def _limit_left(self) -> int | None:
        """A run that goes on has used up some of its limit, and so have the attempts before it."""
        if self._wish.limit is None:
            return None
        return max(0, self._wish.limit - done_by(self._attempts))

    def _tell_direct(self, figures: PipelineEnd) -> None:
        if not self._direct.on and not self._said_no_direct:
            self._said_no_direct = True
            self._ctx.note(self._direct.note)

    def _next_due(self, horizon_seconds: float) -> dt.datetime | None:
        """Of our rows that failed, and of rows others hold: those fall due with their lease."""
        now, only = self._ctx.now(), self._wish.only
        return next_due(Enrichment, now=now, horizon_seconds=horizon_seconds, only=only)

    def _totals(self, figures: PipelineEnd) -> dict[str, Any]:
        """Of this claim; the counts of titles are the run's."""
        run = Run.objects.get(pk=self._ctx.run_id)
        due_at = self._next_due(_DAY_SECONDS)
        return {
            "success": run.ok_count,
            "failed": run.failed_count,
            "pending": selection.count_pending(settings.POPFLIX_TITLE_TYPES),
            "requests": self._client.request_count,
            "retries": figures.retries,
            "waited_seconds": round(self._limiter.waited_seconds, 3),
            "waits": {why: round(spent, 3) for why, spent in self._limiter.waits().items()},
            "seconds": round(self._ctx.clock.monotonic() - self._began, 3),
            "allowed_rate": settings.TMDB_RATE_PER_SECOND,
            "next_due_at": due_at.isoformat(timespec="seconds") if due_at else None,
        }


def why_not_ready() -> str:
    """Why no schedule should start a run now; empty when one may."""
    missing = key.why_no_key()
    if missing is not None:
        return missing.cause
    return "" if Title.objects.exists() else _NO_TITLES


def require_titles() -> None:
    """Raises OperatorError where TitleBasics is empty."""
    if not Title.objects.exists():
        raise OperatorError(
            _NO_TITLES,
            "Load IMDb's list first: python manage.py import_imdb title.basics.tsv.gz",
        )


def _poster_prefix() -> str:
    return f"{settings.TMDB_IMAGE_BASE_URL.rstrip('/')}/{settings.TMDB_POSTER_SIZE}"
