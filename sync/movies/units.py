"""The units of movies that import and rate; `sync.units` reads them in."""

from __future__ import annotations

from collections.abc import Mapping

from popflix.engine.context import RunContext
from popflix.engine.registry import unit
from popflix.engine.retry import RetryPolicy
from sync.movies import import_wish, rate
from sync.movies.import_ids import import_ids
from sync.movies.import_run import import_files
from sync.movies.import_wish import ImportWish
from sync.omdb.client import BUCKET

_RETRY = RetryPolicy(attempts=3, base_seconds=20, cap_seconds=300, deadline_seconds=900)


@unit(
    name=import_wish.UNIT,
    slots=2,
    title="Import of movies",
    clean_params=import_wish.clean_params,
    retry=_RETRY,
)
def import_movies(ctx: RunContext) -> Mapping[str, object]:
    """Store movies from a folder or a ZIP of bodies, or fetch and store some by their ids."""
    wish = ImportWish(**ctx.params)  # type: ignore[arg-type]  # cleaned when stored
    return import_ids(ctx, wish) if wish.tmdb_ids else import_files(ctx, wish)


@unit(
    name=rate.UNIT,
    title="OMDb's ratings",
    clean_params=rate.clean_params,
    ready=rate.why_not_ready,
    bucket=BUCKET,
)
def rate_movies(ctx: RunContext) -> Mapping[str, object]:
    """Ask OMDb for ratings of movies with an IMDb id, as many as one key may ask a day."""
    return rate.rate_movies(ctx)
