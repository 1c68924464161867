"""The engine's view of the work: claim ids that are due, ask TMDB, store a batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from popflix.engine.context import RunContext
from popflix.engine.row_leases import RowLeases
from popflix.engine.source import Counts
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
        self._asking, self._max_attempts = asking, max_attempts
        self._leases = RowLeases(
            ctx, MovieFetch, lease_seconds, only=only, leaves_clicks=only is None
        )

    def claim(self, limit: int) -> list[Asked]:
        keys, token = self._leases.claim(limit)
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
        self._leases.give_back([item.id for item in items], due_in_seconds=due_in_seconds)

    def renew(self, items: Sequence[Asked]) -> None:
        self._leases.renew([item.id for item in items])
