"""Checking one provider, in one run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from popflix.engine.context import RunContext
from popflix.engine.drain import drain
from popflix.engine.models import Lane, Run
from popflix.engine.pauses import StopsUnit
from popflix.engine.pipeline import run_pipeline
from popflix.engine.source import PipelineEnd
from popflix.engine.work import next_due
from popflix.lib.errors import OperatorError
from popflix.lib.http import Refused, UpstreamError
from popflix.lib.limiter import Parked
from sync.availability import checkers, hours, providers, rows, wanted
from sync.availability.asking import Asking
from sync.availability.controls import ControlDesk
from sync.availability.figures import Figures
from sync.availability.gate import Gated
from sync.availability.held import imdb_ids
from sync.availability.models import Availability, Provider
from sync.availability.source import AvailabilitySource, Scope
from sync.availability.store import Rules
from sync.availability.types import UNIT_PREFIX, Checker, Kind, ProviderConfig
from sync.availability.wish import Wish, read_wish
from sync.links.kin import attempts_of, done_by
from sync.tmdb import key

RETRIES = 2  # further tries of one request within one claim
# Each batch costs two requests for its controls: where there are some, batches are large.
_COMMIT_SECONDS, _CONTROLLED_COMMIT_SECONDS = 2.0, 30.0
_DAY_SECONDS = 86_400.0


def check_availability(ctx: RunContext) -> Mapping[str, object]:
    """Body of the units `check-availability-<provider>`. Raises StopsUnit, OperatorError."""
    config = providers.find(ctx.unit.removeprefix(UNIT_PREFIX))
    with checking(config, ctx) as checker:
        wish = read_wish(ctx.params)
        work = _Checking(ctx, config, Gated(checker, wish.threads(config)), wish)
        if work.begin():
            work.drain()
        return work.totals()


@contextmanager
def checking(config: ProviderConfig, ctx: RunContext) -> Iterator[Checker]:
    checker = checkers.build_checker(config, ctx.clock)
    try:
        yield checker
    except Refused as refused:
        raise _refused(config, refused) from None
    finally:
        checker.close()


def _refused(config: ProviderConfig, refused: Refused) -> StopsUnit:
    if config.kind is Kind.TMDB:
        return key.refused(str(refused))
    return StopsUnit(
        f"The provider {config.name} lets nobody in ({refused}).",
        "Look at its entry in POPFLIX_PROVIDERS, then resume the unit.",
    )


@dataclass
class _Spent:
    """By this claim of the run."""

    retries: int = 0
    began: float = 0.0


class _Checking:
    """One claim of one run."""

    def __init__(
        self, ctx: RunContext, config: ProviderConfig, checker: Checker, wish: Wish
    ) -> None:
        self._ctx, self._config, self._checker, self._wish = ctx, config, checker, wish
        self._attempts = attempts_of(Run.objects.get(pk=ctx.run_id))
        self._spent = _Spent(began=ctx.clock.monotonic())
        self._figures = Figures.of_result(ctx.earlier)
        with ctx.commit():
            self._provider: Provider = rows.provider_row(config, ctx.now())
            hours.forget_old(self._provider.pk, ctx.now())

    def begin(self) -> bool:
        """Read what is read ahead, and make rows; False: it may not go on now."""
        try:
            self._checker.begin(self._ctx.should_stop)
        except Refused:
            raise
        except Parked as parked:
            return self._ctx.wait(parked.wait_seconds, parked.why) and self.begin()
        except UpstreamError as error:
            raise OperatorError(
                f"{error}, and nothing was checked.", "The next run tries again."
            ) from None
        if not self._wish.movie_ids:
            rows.make_rows(self._config, self._provider.pk, self._ctx.now(), self._write)
        if not self._has_begun():
            self._make_due(self._ctx.now())
        return not self._ctx.should_stop()

    def drain(self) -> None:
        """Check until nothing is due, or it is stopped, parked, or at its limit."""
        source = self._source()
        self._tell_total()

        def soonest(horizon_seconds: float) -> dt.datetime | None:
            return next_due(
                Availability, now=self._ctx.now(), horizon_seconds=horizon_seconds,
                among=self._among,
            )  # fmt: skip

        def work(so_far: PipelineEnd) -> PipelineEnd:
            return run_pipeline(
                self._ctx,
                source,
                concurrency=self._wish.threads(self._config),
                batch_size=self._wish.rows_held(self._config),
                retries=settings.TMDB_RETRIES if self._is_tmdb else RETRIES,
                limit=self._limit_left(),
                commit_every_seconds=self._commit_seconds(),
                lease_seconds=settings.POPFLIX_LEASE_SECONDS,
                claim_urgent=source.claim_urgent,
            )

        end = drain(self._ctx, work, next_due=soonest, what="checks")
        self._spent.retries += end.retries
        self._figures = source.figures

    def totals(self) -> dict[str, Any]:
        """What the run found; what it spent is added to what its earlier claims did."""
        now = self._ctx.now()
        spent = {
            "requests": self._checker.request_count,
            "retries": self._spent.retries,
            "seconds": self._ctx.clock.monotonic() - self._spent.began,
        }
        earlier = self._ctx.earlier
        provider = self._provider.pk
        due_at = next_due(
            Availability, now=now, horizon_seconds=_DAY_SECONDS, among={"provider_id": provider}
        )
        return {
            **self._figures.as_result(),
            "pending": rows.due_rows(provider, now).count(),
            **{name: _added(earlier.get(name), value) for name, value in spent.items()},
            "allowed_rate": providers.allowed_rate(self._config),
            "next_due_at": due_at.isoformat(timespec="seconds") if due_at else None,
        }

    # --- before the first check -----------------------------------------------------------

    def _has_begun(self) -> bool:
        """However often the run is parked or retried, what it has checked is not due again."""
        return bool(self._ctx.earlier) or done_by(self._attempts) > 0

    def _make_due(self, now: dt.datetime) -> None:
        provider, wish = self._provider.pk, self._wish
        if wish.movie_ids:
            wanted.ask_now(self._config, provider, wish.movie_ids, now, self._write)
            return
        if wish.stale_hours is not None:
            misdated = wanted.misdated_rows(provider, wish.hours)
            wanted.redate(misdated, wish.hours, self._write)
        if wish.retry_unknown:
            wanted.revive(wanted.unknown_rows(provider), now, self._write)
        if wish.region:
            wanted.hurry(wanted.rows_without(provider, wish.region), now, self._write)

    def _write(self, act: Callable[[], int]) -> int:
        with self._ctx.commit():
            return act()

    # --- the pipeline ---------------------------------------------------------------------

    def _source(self) -> AvailabilitySource:
        ctx, config, wish = self._ctx, self._config, self._wish
        desk = ControlDesk(
            config, self._checker, imdb_ids=imdb_ids, pause=ctx.pause, first=ctx.run_id
        )
        rules = Rules(
            self._provider.pk, config.confirm_hours, wish.hours, settings.POPFLIX_MAX_ATTEMPTS
        )
        return AvailabilitySource(
            ctx,
            config,
            self._provider,
            desk,
            Asking(self._checker, desk),
            rules,
            Scope(self._among, spares=self._is_tmdb),
            lease_seconds=settings.POPFLIX_LEASE_SECONDS,
            figures=self._figures,
        )

    @property
    def _among(self) -> dict[str, Any]:
        """Named movies are due in the operators' lane, which alone is worked off then."""
        lane = {"lane": Lane.OPERATOR} if self._wish.movie_ids else {}
        return {"provider_id": self._provider.pk, **lane}

    @property
    def _is_tmdb(self) -> bool:
        return self._config.kind is Kind.TMDB

    def _commit_seconds(self) -> float:
        return _CONTROLLED_COMMIT_SECONDS if self._config.controls else _COMMIT_SECONDS

    def _tell_total(self) -> None:
        count = rows.due_rows(self._provider.pk, self._ctx.now()).filter(**self._among).count()
        left = self._limit_left()
        done = done_by([self._ctx.run_id])
        self._ctx.progress(total=done + (count if left is None else min(count, left)))

    def _limit_left(self) -> int | None:
        if self._wish.limit is None:
            return None
        return max(0, self._wish.limit - done_by(self._attempts))


def _added(earlier: object, now: float) -> float:
    return round(now + (earlier if isinstance(earlier, int | float) else 0), 3)


def why_not_ready(name: str) -> str:
    """Why no schedule should start a run of this provider now; empty when one may."""
    try:
        config = providers.find(name)
    except OperatorError as error:
        return error.cause
    missing = key.why_no_key() if config.kind is Kind.TMDB else None
    if missing is not None:
        return missing.cause
    return "" if rows.checkable(config.media_types).exists() else "No movie is held yet."
