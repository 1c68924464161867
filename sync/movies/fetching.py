"""Fetching what is due, in one run: the part that crawls and refreshes share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from popflix.engine.context import RunContext
from popflix.engine.drain import drain
from popflix.engine.models import Lane, Run
from popflix.engine.pipeline import run_pipeline
from popflix.engine.source import End, PipelineEnd
from popflix.engine.work import next_due
from popflix.lib.http import Refused
from popflix.lib.limiter import Limiter
from sync.links.kin import attempts_of, done_by
from sync.movies.asking import Asking, images_wanted
from sync.movies.crawl_wish import FetchWish
from sync.movies.fetch import MovieSource
from sync.movies.models import MovieFetch
from sync.tmdb import key
from sync.tmdb.catalogue import CatalogueClient, build_catalogue
from sync.tmdb.client import tmdb_limiter

COMMIT_EVERY_SECONDS = 2.0
_DAY_SECONDS = 86_400.0


class Fetching:
    """One claim of one run, with TMDB's client. `fetch` may be called several times."""

    def __init__(
        self, ctx: RunContext, client: CatalogueClient, limiter: Limiter, wish: FetchWish
    ) -> None:
        self.ctx, self.client, self._limiter, self._wish = ctx, client, limiter, wish
        self._attempts = attempts_of(Run.objects.get(pk=ctx.run_id))
        self._retries = 0
        self._began = ctx.clock.monotonic()

    def fetch(self, only: Collection[int] | None = None) -> bool:
        """Until nothing is due; False: it was stopped, parked, or its limit is reached."""
        source = MovieSource(
            self.ctx,
            Asking(self.client, images_wanted(), self.ctx.clock),
            lease_seconds=settings.POPFLIX_LEASE_SECONDS,
            max_attempts=settings.POPFLIX_MAX_ATTEMPTS,
            only=only,
        )
        self._tell_total(only)

        def soonest(horizon_seconds: float) -> dt.datetime | None:
            now = self.ctx.now()
            return next_due(MovieFetch, now=now, horizon_seconds=horizon_seconds, only=only)

        def work(so_far: PipelineEnd) -> PipelineEnd:
            return run_pipeline(
                self.ctx,
                source,
                concurrency=self._wish.threads,
                batch_size=self._wish.batch_size,
                retries=settings.TMDB_RETRIES,
                limit=self._limit_left(),
                commit_every_seconds=COMMIT_EVERY_SECONDS,
                lease_seconds=settings.POPFLIX_LEASE_SECONDS,
            )

        end = drain(self.ctx, work, next_due=soonest, what="movies")
        self._retries += end.retries
        is_held_up = self.ctx.parking is not None or self.ctx.should_stop()
        return end.end is End.DONE and not is_held_up

    def totals(self) -> dict[str, Any]:
        """Of this claim, the counts of movies of the run; and of the claims before it."""
        run = Run.objects.get(pk=self.ctx.run_id)
        now = self.ctx.now()
        spent = {
            "requests": self.client.request_count,
            "retries": self._retries,
            "waited_seconds": self._limiter.waited_seconds,
            "seconds": self.ctx.clock.monotonic() - self._began,
        }
        due_at = next_due(MovieFetch, now=now, horizon_seconds=_DAY_SECONDS)
        return {
            "fetched": run.ok_count,
            "failed": run.failed_count,
            "pending": due_rows(now).count(),
            **{name: _added(self.ctx.earlier.get(name), value) for name, value in spent.items()},
            "allowed_rate": settings.TMDB_RATE_PER_SECOND,
            "next_due_at": due_at.isoformat(timespec="seconds") if due_at else None,
        }

    def _tell_total(self, only: Collection[int] | None) -> None:
        due = due_rows(self.ctx.now())
        count = (due if only is None else due.filter(pk__in=list(only))).count()
        left = self._limit_left()
        done = done_by([self.ctx.run_id])
        self.ctx.progress(total=done + (count if left is None else min(count, left)))

    def _limit_left(self) -> int | None:
        if self._wish.limit is None:
            return None
        return max(0, self._wish.limit - done_by(self._attempts))


def _added(earlier: object, now: float) -> float:
    """Of a run that was parked and went on: what was spent adds up."""
    return round(now + (earlier if isinstance(earlier, int | float) else 0), 3)


def due_rows(now: dt.datetime) -> Any:
    # By lane, as the index is.
    return MovieFetch.objects.filter(lane__in=Lane.values, due_at__lte=now)


@contextmanager
def fetching(ctx: RunContext, wish: FetchWish) -> Iterator[Fetching]:
    """Raises StopsUnit where TMDB refuses the key, OperatorError where none is set."""
    limiter = tmdb_limiter(ctx.clock)
    client = build_catalogue(limiter, ctx.clock)
    try:
        yield Fetching(ctx, client, limiter, wish)
    except Refused as refused:
        raise key.refused(str(refused)) from None
    finally:
        client.close()


def why_not_ready() -> str:
    """Why no schedule should start a run now; empty when one may."""
    missing = key.why_no_key()
    return missing.cause if missing else ""
