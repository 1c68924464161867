"""OMDb's ratings of movies that have an IMDb id, one request each, from the first to the last.

OMDb's free key has a thousand requests a day: each run asks about some, a used-up quota is an
ordinary end, and the next run goes on behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.conf import settings

from popflix.engine.context import RunContext
from popflix.engine.models import Lane, Run, RunStatus
from popflix.engine.pauses import StopsUnit
from popflix.lib.errors import OperatorError
from popflix.lib.http import NotFound, Refused, UpstreamError
from popflix.lib.limiter import Parked
from sync.movies.models import Movie
from sync.movies.rating_rows import Rated, write_ratings
from sync.movies.ratings import RatingValue
from sync.omdb.client import OmdbClient, QuotaReached, build_client

UNIT = "rate-movies"
LIMIT, MOST = 900, 100_000
_COMMIT = 25
_FROM = "OMDb's answer"
_LONGEST_WAIT = 60.0


@dataclass
class RateCounts:
    """`unknown`: titles that OMDb does not know; `quota`: no more requests today; `reached`: the
    movie that was asked about last."""

    reached: int = 0
    asked: int = 0
    written: int = 0
    unknown: int = 0
    failed: int = 0
    quota: bool = False
    stopped: bool = False


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """`limit`: how many movies a run asks about. Raises OperatorError."""
    unknown = sorted(set(params) - {"limit"})
    if unknown:
        raise OperatorError(f"There is no parameter {unknown[0]}.", "Known is limit.")
    limit = params.get("limit") or LIMIT
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST:
        raise OperatorError(f"limit is {limit}.", f"Give a whole number from 1 to {MOST:,}.")
    return {"limit": limit}


def why_not_ready() -> str:
    """Why no schedule should start a run now; empty when one may."""
    return "" if settings.OMDB_API_KEY else "OMDB_API_KEY is not set."


def rate_movies(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit. Raises StopsUnit where OMDb refuses the key, OperatorError without one."""
    client = build_client(clock=ctx.clock)
    try:
        return asdict(_Rating(ctx, client).run(int(str(ctx.params["limit"]))))
    except Refused as refused:
        raise StopsUnit(
            f"The key in OMDB_API_KEY is refused ({refused}).", "Correct OMDB_API_KEY in .env."
        ) from None
    finally:
        client.close()


class _Rating:
    def __init__(self, ctx: RunContext, client: OmdbClient) -> None:
        self._ctx, self._client = ctx, client
        self._counts = RateCounts(reached=_reached_before(ctx))
        self._rated: list[Rated] = []
        self._waiting = 0  # asked about and not committed

    def run(self, limit: int) -> RateCounts:
        counts = self._counts
        wanted = _wanted(counts.reached, limit)
        self._ctx.progress(total=len(wanted))
        for movie_id, tconst in wanted:
            try:
                is_asked = self._ask(movie_id, tconst)
            except QuotaReached as quota:
                counts.quota = True
                self._ctx.note(f"{quota}. The next run goes on.")
                break
            if not is_asked:
                counts.stopped = True
                break
            counts.reached = movie_id
            if self._waiting >= _COMMIT:
                self._commit()
        self._commit()
        return counts

    def _ask(self, movie_id: int, tconst: str) -> bool:
        """False: the run is to stop. What came before an error that ends it is kept."""
        at = self._ctx.now()
        try:
            found = self._answer(tconst)
        except (Refused, QuotaReached):
            self._commit()
            raise
        except NotFound:
            self._counts.unknown += 1
        except UpstreamError as error:
            self._counts.failed += 1
            self._ctx.note(f"{tconst}: {error}")
        else:
            if found is None:
                return False
            self._rated += [Rated(movie_id, rating, at, _FROM) for rating in found]
        self._counts.asked += 1
        self._waiting += 1
        return True

    def _answer(self, tconst: str) -> list[RatingValue] | None:
        while not self._ctx.should_stop():
            try:
                return list(self._client.ratings(tconst, Lane.BACKFILL).values())
            except Parked as parked:
                self._ctx.pause(min(parked.wait_seconds, _LONGEST_WAIT))
        return None

    def _commit(self) -> None:
        if not self._waiting:
            return
        rated, self._rated = self._rated, []
        with self._ctx.commit(done=self._waiting, ok=self._waiting):
            self._counts.written += write_ratings(rated)
        self._waiting = 0


def _reached_before(ctx: RunContext) -> int:
    """Where this run was parked, else where the last one ended: what OMDb does not know is not
    asked for again before all others were."""
    if ctx.earlier:
        return int(str(ctx.earlier.get("reached", 0)))
    ended = Run.objects.filter(unit=UNIT, status=RunStatus.COMPLETED).order_by("-pk").first()
    return int(str((ended.result or {}).get("reached", 0))) if ended else 0


def _wanted(after: int, limit: int) -> list[tuple[int, str]]:
    """Movies with an IMDb id behind this one; from the beginning again where none is left."""
    movies = Movie.objects.filter(excluded_at=None).exclude(imdb_id="").order_by("pk")
    rows = movies.values_list("pk", "imdb_id")
    return list(rows.filter(pk__gt=after)[:limit]) or list(rows[:limit])
