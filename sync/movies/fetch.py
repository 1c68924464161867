"""The engine's view of the work: claim ids that are due, ask TMDB, store a batch."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Sequence

from popflix.engine.context import RunContext
from popflix.engine.source import Counts
from popflix.engine.work import (
    OPERATORS_AFTER_SECONDS,
    claim_rows,
    give_back_rows,
    renew_rows,
)
from popflix.lib.http import UpstreamError
from sync.movies.asking import Answered, Asked, Asking
from sync.movies.models import MovieFetch
from sync.movies.outcomes import Outcome, apply_outcomes, read_asked
from sync.movies.verdict import judge


class MovieSource:
    """`only` narrows the work to these rows."""

    def __init__(
        self,
        ctx: RunContext,
        asking: Asking,
        *,
        lease_seconds: float,
        max_attempts: int,
        only: Collection[int] | None = None,
    ) -> None:
        self._ctx, self._asking = ctx, asking
        self._lease_seconds, self._max_attempts = lease_seconds, max_attempts
        self._only = only
        self._claims = itertools.count(1)

    def claim(self, limit: int) -> list[Asked]:
        token = self._ctx.lease_token(next(self._claims))
        keys = claim_rows(
            MovieFetch,
            token=token,
            limit=limit,
            lease_seconds=self._lease_seconds,
            now=self._ctx.now(),
            only=self._only,
            operators_after=0.0 if self._only is not None else OPERATORS_AFTER_SECONDS,
        )
        return read_asked(keys, token) if keys else []

    def fetch(self, item: Asked) -> Answered:
        return self._asking.ask(item)

    def settle(
        self, ctx: RunContext, results: Sequence[tuple[Asked, Answered | UpstreamError]]
    ) -> Counts:
        now = ctx.now()
        counts = self._expected(results, now)
        with ctx.commit(done=counts.done, ok=counts.ok, failed=counts.failed):
            apply_outcomes(results, now=now, max_attempts=self._max_attempts)
        return counts

    def _expected(self, results: Sequence[tuple[Asked, Outcome]], now: dt.datetime) -> Counts:
        """Known before the commit, whose first statement adds them to the run."""
        ok = sum(isinstance(told, Answered) for _, told in results)
        waiting = sum(
            not judge(told, attempts=asked.attempts, max_attempts=self._max_attempts,
                      now=now, random01=0.0).is_final
            for asked, told in results
            if isinstance(told, UpstreamError)
        )  # fmt: skip
        done = len(results) - waiting
        return Counts(done=done, ok=ok, failed=done - ok, pending=waiting)

    def give_back(
        self, ctx: RunContext, items: Sequence[Asked], *, due_in_seconds: float, why: str
    ) -> None:
        due_at = ctx.now() + dt.timedelta(seconds=due_in_seconds)
        keys = [item.id for item in items]
        with ctx.commit():
            give_back_rows(MovieFetch, keys, token_prefix=ctx.lease_prefix, due_at=due_at)

    def renew(self, items: Sequence[Asked]) -> None:
        renew_rows(
            MovieFetch,
            [item.id for item in items],
            token_prefix=self._ctx.lease_prefix,
            lease_seconds=self._lease_seconds,
            now=self._ctx.now(),
        )
